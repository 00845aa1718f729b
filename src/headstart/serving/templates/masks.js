const MOST_PIXELS = 1280; // on a side of a mask that is shown: a screen has no more for it
const masks = {
  isLocated: true,
  title: () => "Which class is each pixel?",
  settings: () => [make("label", {}, "Colours over the image",
    make("input", {type: "range", id: "strength", min: 0, max: 100, value: 55, oninput: masks.strengthen}))],
  question: () => "",
  strengthen: () => at("answers").style.setProperty("--strength", at("strength").value + "%"),

  show(answer, entry) {
    const rows = facts.class_names.map((name, index) => ({
      name, share: answer.shares[name], value: percent(answer.shares[name]), within: true, colour: colourOf(index),
    })).sort((one, other) => other.share - one.share);
    entry.told.append(make("h2", {textContent: answer.prediction},
      make("small", {textContent: percent(answer.shares[answer.prediction]) + " of the image"})));
    bars(rows.filter((row) => row.share > 0), entry.told);
    const absent = rows.filter((row) => row.share === 0).map((row) => row.name);
    if (absent.length) entry.told.append(make("p", {className: "set", textContent: "Not in the image: " + absent.join(", ")}));
    frame(entry.view, answer);
    masks.strengthen();
    return masks.lay(answer, entry.view);
  },

  // The mask's pixels are numbers of classes; they become colours.
  async lay({mask, width, height}, view) {
    const image = make("img", {src: "data:image/png;base64," + mask});
    await image.decode();
    const scale = Math.min(1, MOST_PIXELS / Math.max(width, height));
    const [across, down] = [width, height].map((side) => Math.max(1, Math.round(scale * side)));
    const canvas = make("canvas", {className: "over", width: across, height: down});
    canvas.setAttribute("aria-hidden", "true"); // the legend says the same
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, across, down);
    const pixels = context.getImageData(0, 0, across, down), colours = facts.class_names.map((_, index) => colourOf(index));
    for (let place = 0; place < pixels.data.length; place += 4) pixels.data.set(colours[pixels.data[place]], place);
    context.putImageData(pixels, 0, 0);
    view.append(canvas);
  },
};
