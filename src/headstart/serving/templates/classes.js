const classes = {
  title: (facts) => facts.multi_label ? "Which labels does the image have?" : "Which of " + facts.class_names.length + " classes is it?",
  settings: (facts) => [choice("coverage", "The set contains the true class with a probability of", "", shares(facts.coverage), facts.coverage)],
  question: () => "coverage=" + at("coverage").value,

  show(answer, entry) {
    const guess = answer.prediction || "none of the classes";
    const chance = percent(answer.probability);
    entry.told.append(make("h2", {textContent: answer.is_sure ? guess : "Not sure"},
      make("small", {textContent: answer.is_sure ? chance : "perhaps " + guess + ", " + chance})));
    if (!answer.is_sure) entry.told.append(make("p", {className: "note", textContent: classes.reason(answer)}));
    const within = new Set(answer.prediction_set);
    const rows = Object.entries(answer.probabilities).sort((one, other) => other[1] - one[1]);
    bars(rows.map(([name, share]) => ({name, share, value: percent(share), within: within.has(name)})), entry.told);
    const set = answer.prediction_set.length ? answer.prediction_set.join(", ") : "empty";
    entry.told.append(make("p", {className: "set"}, "The set at " + chosen("coverage") + ": ", make("b", {textContent: set})));
  },

  reason(answer) {
    if (answer.is_foreign) return "Out-of-distribution (unlike the training images). Do not trust this prediction.";
    if (!answer.prediction_set.length) return "No class is likely enough.";
    return "Several classes are possible.";
  },
};
