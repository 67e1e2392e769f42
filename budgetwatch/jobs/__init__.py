"""Long work that people start and may walk away from: taking a file in, judging one, running the rules, large exports.

A job is a row of `jobs`. Whoever starts one gets its number at once; a `Worker` in some server process claims it,
does it as that person, and writes down how far it is. Nobody sees the jobs or the files of another.
"""

from budgetwatch.jobs.orders import back_test, check, export, run, take_in, take_in_checked
from budgetwatch.jobs.service import Job, Tally, again, file, mine, one, seen, start, stop, tally
from budgetwatch.jobs.wording import ended, left_words, standing
from budgetwatch.jobs.worker import Worker, work_off

__all__ = [
    "Job",
    "Tally",
    "Worker",
    "again",
    "back_test",
    "check",
    "ended",
    "export",
    "file",
    "left_words",
    "mine",
    "one",
    "run",
    "seen",
    "standing",
    "start",
    "stop",
    "take_in",
    "take_in_checked",
    "tally",
    "work_off",
]
