/* Draws a part of a page with React alone: `tree` is [tag, attributes, child, …], as dashboard/trees.py folds it. */
(function () {
  "use strict";
  const React = window.React;

  // What was typed stays until the server sends another value than before.
  function Typed(props) {
    const field = React.useRef(null);
    const value = props.value === undefined ? "" : props.value;
    React.useLayoutEffect(function () { if (field.current.value !== String(value)) field.current.value = value; }, [value]);
    return React.createElement("input", Object.assign({}, props, { ref: field, value: undefined, defaultValue: value }));
  }

  function grown(node) {
    if (!Array.isArray(node)) return node;
    const kind = node[0] === "" ? React.Fragment : node[0] === "input" && "value" in node[1] && node[1].type !== "hidden" ? Typed : node[0];
    const parts = [kind, node[1]];
    for (let n = 2; n < node.length; n++) parts.push(grown(node[n]));
    return React.createElement.apply(null, parts);
  }

  window.budgetwatch_trees = { Tree: function (props) { return grown(props.tree); } };
})();
