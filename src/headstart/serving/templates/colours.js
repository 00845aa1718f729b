// A class has the same colour here as in the drawings of `headstart predict --draw`.
const DISTINCT = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#f0e442",
  "#332288", "#882255", "#999933", "#bbbbbb", "#5c3a1e"];
const LIGHT = 140;

function colourOf(index) {
  if (index < DISTINCT.length) return [1, 3, 5].map((place) => parseInt(DISTINCT[index].slice(place, place + 2), 16));
  const place = index - DISTINCT.length, hue = (0.32 + place * 0.618034) % 1, value = [0.85, 0.5, 0.7][place % 3];
  return [5, 3, 1].map((number) => {
    const step = (number + 6 * hue) % 6;
    return Math.round(255 * value * (1 - 0.65 * Math.max(0, Math.min(step, 4 - step, 1))));
  });
}
const css = (colour) => "rgb(" + colour.join(" ") + ")";
// Letters that can be read on a colour.
const inkOn = ([red, green, blue]) => 0.299 * red + 0.587 * green + 0.114 * blue > LIGHT ? "#000000" : "#ffffff";
