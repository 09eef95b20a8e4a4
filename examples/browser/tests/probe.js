// What the test asks of the page, and what it sends back.

import { Painter } from './burn_gan_browser.js';

const problems = [];
addEventListener('error', event => problems.push(event.message));
addEventListener('unhandledrejection', event => problems.push(String(event.reason)));
addEventListener('securitypolicyviolation', event => problems.push(`blocked: ${event.blockedURI}`));

const element = id => document.getElementById(id);
const frame = () => new Promise(requestAnimationFrame);
const until = async condition => {
  while (!condition()) await frame();
};
const bytes = async file => new Uint8Array(await (await fetch(file)).arrayBuffer());
const canvas = () => {
  const { width, height } = element('image');
  // A copy: to read from the page's own would bring a warning of the browser's about the page.
  const copy = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d', { willReadFrequently: true });
  copy.drawImage(element('image'), 0, 0);
  return [...copy.getImageData(0, 0, width, height).data];
};
const differs = before => JSON.stringify(canvas()) !== JSON.stringify(before);
const buttons = () => element('classes').querySelectorAll('button');

/** Gives the page a file, as a person does. */
async function choose(name) {
  const transfer = new DataTransfer();
  transfer.items.add(new File([await bytes(name)], name));
  element('file').files = transfer.files;
  element('time').textContent = '';
  element('problem').hidden = true;
  element('file').dispatchEvent(new Event('change'));
  await until(() => element('time').textContent !== '' || !element('problem').hidden);
}

async function probe() {
  await until(() => document.body.dataset.ready);
  if (!element('problem').hidden) problems.push(element('problem').textContent);
  const first = canvas(), time = element('time').textContent, without = buttons().length;

  const drawn = [];
  for (const { file, latents, class: label } of await (await fetch('given.json')).json()) {
    const painter = new Painter(await bytes(file));
    drawn.push([...painter.draw(new Float32Array(latents), label ?? undefined)]);
    painter.free();
  }

  // The seed of the address again, with other generators.
  await choose('colours.bpk');
  const coloured = canvas();
  await choose('classes.bpk');
  const loaded = canvas(), withClasses = buttons().length;
  buttons()[2].click();
  const clicked = canvas();

  const changed = {};
  const slider = element('sliders').querySelector('input');
  slider.value = slider.value > 0 ? -3 : 3;
  slider.dispatchEvent(new Event('input'));
  changed.slid = differs(clicked);
  let before = canvas();
  element('move').click();
  await until(() => differs(before));
  changed.moved = true;
  element('move').click();
  before = canvas();
  for (let count = 0; count < 10; count++) await frame();
  const stays = !differs(before);
  element('renew').click();
  changed.renewed = differs(before);

  const refused = [];
  for (const name of ['points.bpk', 'damaged.bpk']) {
    before = canvas();
    await choose(name);
    refused.push(element('problem').textContent);
    if (differs(before)) problems.push(`${name} changed the image`);
  }
  const fetched = performance.getEntriesByType('resource').map(entry => entry.name).filter(name => !name.startsWith('data:'));
  return { drawn, first, coloured, loaded, clicked, changed, stays, buttons: [without, withClasses], refused, time, fetched };
}

const result = await probe().catch(error => ({ failed: problems.push(error.stack) }));
await fetch('report', { method: 'POST', body: JSON.stringify({ ...result, problems }) });
