const FEW = 8, AT_ONCE = 4;
const TASKS = {
  "image-classification": classes,
  "object-detection": boxes,
  "semantic-segmentation": masks,
  "image-regression": numbers,
  "anomaly-detection": anomalies,
};
const at = (id) => document.getElementById(id);
const entries = [];
let waiting = [], active = 0, facts = null, task = null;

// Every word from outside goes into the page as text, never as markup.
function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const percent = (share) => {
  const value = 100 * share;
  return value > 99.9 && share < 1 ? "> 99.9 %" : value < 0.1 && share > 0 ? "< 0.1 %" : value.toFixed(1) + " %";
};
const headers = () => at("key").value ? {Authorization: "Bearer " + at("key").value} : {};

async function ask(path, options = {}) {
  const response = await fetch(path, {...options, headers: {...headers(), ...options.headers}});
  const content = await response.json().catch(() => ({}));
  if (response.status === 401) { at("locked").hidden = false; throw new Error("This server requires a key."); }
  if (!response.ok && !content.pictures) throw new Error(content.error || "The server answered " + response.status + ".");
  return content;
}

function complain(text) {
  at("problem").textContent = text;
  at("problem").hidden = !text;
}

async function introduce() {
  try {
    facts = await ask("v1/metadata");
    task = TASKS[facts.task];
    const names = facts.class_names;
    at("title").textContent = task.title(facts);
    at("about").textContent = names.slice(0, 12).join(", ") + (names.length > 12 ? " and " + (names.length - 12) + " more" : "");
    at("settings").replaceChildren(...task.settings(facts));
    at("answers").classList.toggle("located", Boolean(task.isLocated));
    complain("");
    work();
  } catch (error) { complain(error.message); }
}

// A setting with some values to choose from, pairs of value and text; another choice asks again.
function choice(id, before, after, options, usual) {
  const select = make("select", {id, onchange: askAgain}, ...options.map(([value, textContent]) =>
    make("option", {value, textContent, selected: value === usual})));
  return make("label", {}, before, select, after);
}
const chosen = (id) => at(id).selectedOptions[0].textContent;
const shares = (usual) => [...new Set([0.8, 0.9, 0.95, 0.99, usual])].sort((one, other) => one - other)
  .map((share) => [share, +(100 * share).toFixed(2) + " %"]);

// A row for each: name (with colour and note, if any), a bar and a value. The first few; the rest when it is asked for.
function bars(rows, told) {
  const items = rows.map((row) => {
    const bar = make("i"), name = make("span", {className: "name", title: row.name}, row.name);
    bar.style.width = 100 * row.share + "%";
    if (row.colour) {
      name.prepend(make("i"));
      name.firstChild.style.background = css(row.colour);
    }
    if (row.note) name.append(make("small", {textContent: row.note}));
    return make("li", {className: row.within ? "within" : ""}, name,
      make("span", {className: "rail"}, bar), make("span", {className: "value", textContent: row.value}));
  });
  const list = make("ol", {className: "bars"}, ...items.slice(0, FEW));
  told.append(list);
  if (items.length > FEW) {
    const more = make("button", {type: "button", textContent: "Show all " + items.length});
    more.onclick = () => { list.append(...items.slice(FEW)); more.remove(); };
    told.append(more);
  }
}

// What is laid over a picture fits it even where the browser cannot show the picture itself.
function frame(view, {width, height}) {
  view.style.aspectRatio = width + " / " + height;
  view.style.maxWidth = 32 * width / height + "rem";
}

async function show(answer, entry) {
  entry.told.replaceChildren();
  entry.view.querySelector(".over")?.remove();
  if (answer.error) {
    entry.told.append(make("p", {className: "failed", textContent: "This file cannot be read as an image: " + answer.error}));
    return;
  }
  await task.show(answer, entry);
}

async function answer(entry) {
  entry.told.replaceChildren(make("p", {className: "set", textContent: "Computing ..."}));
  try {
    const options = {method: "POST", body: entry.file, headers: {"Content-Type": "application/octet-stream"}};
    const content = await ask("v1/predict?" + task.question(), options);
    await show(content.pictures[0], entry);
    complain("");
  } catch (error) {
    entry.told.replaceChildren(make("p", {className: "failed", textContent: "No prediction: " + error.message}));
  }
}

function work() {
  while (task && active < AT_ONCE && waiting.length) {
    active += 1;
    answer(waiting.shift()).finally(() => { active -= 1; work(); });
  }
}

function askAgain() {
  waiting = [...entries];
  work();
}

function add(files) {
  const added = [...files].map((file) => {
    const image = make("img", {alt: "", src: URL.createObjectURL(file)});
    image.onload = () => URL.revokeObjectURL(image.src);
    image.onerror = () => image.replaceWith(make("div", {className: "unseen", textContent: "no preview"}));
    const view = make("div", {className: "view"}, image), told = make("div", {className: "told"});
    const item = make("li", {className: "answer"},
      make("figure", {}, view, make("figcaption", {textContent: file.name})), told);
    return {file, view, told, item};
  });
  at("answers").prepend(...added.map((entry) => entry.item));
  entries.push(...added);
  waiting.push(...added);
  work();
}

at("files").onchange = (event) => { add(event.target.files); event.target.value = ""; };
at("key").onchange = () => introduce().then(askAgain);
at("locked").onsubmit = (event) => { event.preventDefault(); at("key").blur(); };
for (const name of ["dragenter", "dragover"])
  addEventListener(name, (event) => { event.preventDefault(); at("drop").classList.add("over"); });
for (const name of ["dragleave", "drop"])
  addEventListener(name, (event) => { event.preventDefault(); at("drop").classList.remove("over"); });
addEventListener("drop", (event) => add(event.dataTransfer.files));
introduce();
