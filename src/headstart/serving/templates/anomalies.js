const anomalies = {
  isLocated: true,
  title: () => "Does the image show a defect?",
  settings: (facts) => [
    choice("false_alarms", "At most", "of good images are reported", anomalies.rates(facts), facts.false_alarms),
    make("label", {}, "Heat map over the image",
      make("input", {type: "range", id: "strength", min: 0, max: 100, value: 55, oninput: anomalies.strengthen}))],
  rates: (facts) => [...new Set([0.001, 0.01, 0.02, 0.05, 0.1, facts.false_alarms])]
    .filter((rate) => rate >= facts.lowest_false_alarms).sort((one, other) => one - other)
    .map((rate) => [rate, +(100 * rate).toFixed(2) + " %"]),
  question: () => "false_alarms=" + at("false_alarms").value,
  strengthen: () => at("answers").style.setProperty("--strength", at("strength").value + "%"),

  show(answer, entry) {
    entry.told.append(
      make("h2", {textContent: answer.is_defect ? "Defect" : "No defect found"},
        make("small", {textContent: "p-value " + +answer.p_value.toPrecision(3)})),
      make("p", {className: "set", textContent: percent(answer.p_value) + " of good images are at least as unusual. Score "
        + +answer.score.toPrecision(4) + "."}));
    frame(entry.view, answer);
    anomalies.strengthen();
    return answer.heat && anomalies.lay(answer, entry.view);
  },

  // Grey values become colours from violet over red to yellow: the warmer, the more unusual.
  async lay({heat}, view) {
    const image = make("img", {src: "data:image/png;base64," + heat});
    await image.decode();
    const canvas = make("canvas", {className: "over", width: image.naturalWidth, height: image.naturalHeight});
    canvas.setAttribute("aria-hidden", "true"); // the text says the verdict
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let place = 0; place < pixels.data.length; place += 4) {
      const share = pixels.data[place] / 255;
      pixels.data.set([255 * Math.min(1, 0.2 + 1.3 * share), 255 * Math.max(0, 1.6 * share - 0.6), 110 * (1 - share),
        255 * Math.sqrt(share)], place);
    }
    context.putImageData(pixels, 0, 0);
    view.append(canvas);
  },
};
