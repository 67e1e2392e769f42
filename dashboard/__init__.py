"""What people see in a browser: pages by role, made of queries and services, drawn by one small kit."""
