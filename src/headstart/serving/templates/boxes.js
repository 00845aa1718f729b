const SCORES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const boxes = {
  isLocated: true,
  title: () => "Which objects are in the image, and where?",
  settings(facts) {
    const scores = [...new Set([...SCORES, facts.min_score])].sort((one, other) => one - other);
    const options = scores.map((score) =>
      [score, (+score.toFixed(3)) + (score === facts.min_score ? " (usual)" : "")]);
    return [choice("min-score", "Boxes with a score of at least", "", options, facts.min_score)];
  },
  question: () => "min_score=" + at("min-score").value,

  show(answer, entry) {
    const names = answer.boxes.map((box) => box.name);
    const found = [...new Set(names)].map((name) => {
      const count = names.filter((other) => other === name).length;
      return count === 1 ? name : name + " × " + count;
    });
    const count = names.length + (names.length === 1 ? " object" : " objects");
    entry.told.append(make("h2", {textContent: found.join(", ") || "Nothing"}, make("small", {textContent: count})));
    if (!names.length) entry.told.append(make("p", {className: "set", textContent: "No box has such a score."}));
    bars(answer.boxes.map((box) => ({
      name: box.name, share: box.score, value: box.score.toFixed(2), within: true,
      colour: boxes.colour(box), note: boxes.place(box),
    })), entry.told);
    const over = make("div", {className: "over"}, ...answer.boxes.map((box) => boxes.drawn(box, answer)).reverse());
    over.setAttribute("aria-hidden", "true"); // the list says the same
    frame(entry.view, answer);
    entry.view.append(over);
  },

  colour: (box) => colourOf(facts.class_names.indexOf(box.name)),
  place: ({box}) => box.slice(0, 2).map(Math.round).join(", ") + " to " + box.slice(2).map(Math.round).join(", "),

  // The most certain comes last and so lies on top.
  drawn({name, score, box}, {width, height}) {
    const [left, top, right, bottom] = box, colour = boxes.colour({name});
    const tag = make("span", {textContent: name + " " + score.toFixed(2)});
    Object.assign(tag.style, {background: css(colour), color: inkOn(colour)});
    tag.classList.toggle("inside", top < 0.08 * height);
    tag.classList.toggle("leftwards", left > 0.6 * width);
    const element = make("div", {className: "box"}, tag);
    Object.assign(element.style, {
      left: 100 * left / width + "%", top: 100 * top / height + "%", borderColor: css(colour),
      width: 100 * (right - left) / width + "%", height: 100 * (bottom - top) / height + "%",
    });
    return element;
  },
};
