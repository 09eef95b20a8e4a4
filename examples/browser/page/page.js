// The page: draws what its sliders and buttons say. The numbers come from the module that `site` has built.

import init, { Painter } from './burn_gan_browser.js';

/** Coordinates of the latent that have a slider. */
const SLIDERS = 8;
/** Latents that a walk goes through, the frames from one to the next, and the frames of a second. */
const POINTS = 6, STEPS = 60, RATE = 30;
/** Images whose median time is shown. */
const TIMED = 30;

const element = id => document.getElementById(id);
const address = new URLSearchParams(location.search);

let painter;
let seed, label, latent;
/** The walk that the image is on, or nothing. */
let walk;
let times = [];

function problem(error) {
  stop();
  const ended = error instanceof WebAssembly.RuntimeError;
  element('problem').textContent = ended ? 'The module has ended: load the page again.' : error.message ?? String(error);
  element('problem').hidden = false;
}

/** An event's listener whose errors are shown. */
const shown = listener => async event => {
  try {
    await listener(event);
  } catch (error) {
    problem(error);
  }
};

function draw() {
  const began = performance.now();
  const values = painter.draw(latent, label);
  times = [...times, performance.now() - began].slice(-TIMED);
  const median = times.toSorted((one, other) => one - other)[times.length >> 1];
  element('time').textContent = `${median.toFixed(1)} ms an image (flex, one thread)`;

  const { width, height, channels } = painter;
  const image = new ImageData(width, height);
  const area = width * height;
  for (let pixel = 0; pixel < area; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      // A grey image has one channel for all three.
      const value = values[(channel % channels) * area + pixel];
      image.data[pixel * 4 + channel] = Math.round((value + 1) * 127.5);
    }
    image.data[pixel * 4 + 3] = 255;
  }
  element('image').getContext('2d').putImageData(image, 0, 0);
}

function showSliders() {
  [...element('sliders').querySelectorAll('input')].forEach((slider, index) => (slider.value = latent[index]));
}

function renew(to) {
  stop();
  seed = to >>> 0;
  element('seed').textContent = seed;
  latent = painter.latents(seed, 1);
  // Of a generator whose classes are mixed, a seed has a class as well.
  choose(painter.classOf(seed) ?? label);
  showSliders();
  draw();
}

/** From the latent that is shown through others of the seed and back. */
function move() {
  const points = painter.latents(seed, POINTS);
  points.set(latent);
  const frames = painter.walk(points, STEPS);
  const began = performance.now();
  walk = {};
  const mine = walk;
  const next = now => {
    if (walk !== mine) return;
    const frame = Math.floor(Math.max(0, now - began) * RATE / 1000) % (POINTS * STEPS);
    if (frame !== mine.frame) {
      mine.frame = frame;
      latent = frames.slice(frame * latent.length, (frame + 1) * latent.length);
      showSliders();
      draw();
    }
    requestAnimationFrame(step);
  };
  const step = shown(next);
  element('move').setAttribute('aria-pressed', 'true');
  requestAnimationFrame(step);
}

function stop() {
  walk = undefined;
  element('move').setAttribute('aria-pressed', 'false');
}

function choose(to) {
  label = to;
  for (const button of element('classes').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(Number(button.value) === label));
  }
}

function classButtons() {
  const legend = element('classes').querySelector('legend');
  const buttons = Array.from({ length: painter.classes ?? 0 }, (_, of) => {
    const button = Object.assign(document.createElement('button'), { type: 'button', value: of, textContent: of });
    button.addEventListener('click', shown(() => {
      choose(of);
      draw();
    }));
    return button;
  });
  element('classes').replaceChildren(legend, ...buttons);
  element('classes').hidden = buttons.length === 0;
}

function sliders() {
  const count = Math.min(SLIDERS, painter.latentSize);
  const rows = Array.from({ length: count }, (_, index) => {
    const slider = document.createElement('input');
    Object.assign(slider, { type: 'range', min: -3, max: 3, step: 'any', id: `latent-${index}` });
    slider.addEventListener('input', shown(() => {
      stop();
      latent[index] = slider.value;
      draw();
    }));
    const name = document.createElement('label');
    Object.assign(name, { htmlFor: slider.id, textContent: index + 1 });
    return [name, slider];
  });
  element('sliders').replaceChildren(...rows.flat());
  const others = painter.latentSize - count;
  element('others').textContent = others > 0 ? `and ${others} more coordinates, which the buttons change` : '';
}

/** Shows a generator, from the bytes of its file. */
function show(bytes) {
  const loaded = new Painter(bytes);
  painter?.free();
  painter = loaded;
  times = [];
  element('problem').hidden = true;
  Object.assign(element('image'), { width: painter.width, height: painter.height });
  classButtons();
  sliders();
  const asked = address.get('class');
  choose(painter.classes === undefined ? undefined : Math.min(Number(asked ?? 0), painter.classes - 1));
  const chosen = label;
  renew(Number(address.get('seed') ?? 0));
  if (asked !== null) choose(chosen);
  // The browser compiles what is called first: that does not count.
  times = [];
  draw();
  element('controls').hidden = false;
}

async function start() {
  const file = address.get('generator') ?? 'generator.bpk';
  const [, response] = await Promise.all([init(), fetch(file)]);
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  show(new Uint8Array(await response.arrayBuffer()));
}

element('renew').addEventListener('click', shown(() => renew(Math.floor(Math.random() * 1e6))));
element('move').addEventListener('click', shown(() => (walk ? stop() : move())));
element('file').addEventListener('change', shown(async event => {
  const [file] = event.target.files;
  if (file) show(new Uint8Array(await file.arrayBuffer()));
}));
await shown(start)();
document.body.dataset.ready = 'true';
