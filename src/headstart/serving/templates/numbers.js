const numbers = {
  title: (facts) => facts.class_names.length === 1 ? "Which number does the image show?" : "Which numbers does the image show?",
  settings: (facts) => [choice("coverage", "The interval contains the true value with a probability of", "", shares(facts.coverage), facts.coverage)],
  question: () => "coverage=" + at("coverage").value,
  rounded: (value) => value === null ? "none" : String(+value.toPrecision(5)),
  interval: ({low, high}) => low === null ? "too few validation images for an interval"
    : numbers.rounded(low) + " to " + numbers.rounded(high),

  show(answer, entry) {
    const rows = facts.class_names.map((name) => make("tr", {},
      make("th", {scope: "row", textContent: name}),
      make("td", {className: "value", textContent: numbers.rounded(answer.numbers[name].value)}),
      make("td", {textContent: numbers.interval(answer.numbers[name])})));
    const head = ["Number", "Value", "Interval at " + chosen("coverage")].map((text) =>
      make("th", {scope: "col", textContent: text}));
    entry.told.append(make("table", {},
      make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)));
  },
};
