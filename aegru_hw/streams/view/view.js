"use strict";

const SECONDS = 5;
const LEFT = 44, BOTTOM = 22, TOP = 6;
const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, Arial, sans-serif";

const element = (id) => document.getElementById(id);
const say = (id, text) => { element(id).textContent = text; };
const whole = (value) => Math.round(value).toLocaleString("en");

let facts = null, ticks = [], reach = 0, heard = 0, drawn = true, ended = false;

function state(text, kind) {
  say("state", text);
  element("state").className = kind;
}

function head(given) {
  facts = given;
  say("title", facts.title);
  const place = element("facts");
  place.replaceChildren(...facts.said.map((text) => {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  }));
  say("wanted", (1 / facts.tick_seconds).toLocaleString("en", { maximumFractionDigits: 1 }));
  say("channels", `${facts.channels} channels`);
  document.title = `${facts.title}: live`;
}

function take(said) {
  heard = performance.now();
  if (said.facts) { head(said.facts); return; }
  if (said.ended) { ended = true; state("ended", "gone"); return; }
  // A stream that begins anew counts from the front again.
  for (const tick of said.ticks) {
    if (ticks.length && tick[0] <= ticks[ticks.length - 1][0]) ticks = [];
    ticks.push(tick);
  }
  if (ticks.length) {
    const first = ticks[ticks.length - 1][0] - SECONDS / facts.tick_seconds;
    let gone = 0;
    while (ticks[gone][0] < first) gone++;
    ticks.splice(0, gone);
  }
  state(said.ticks.length ? "live" : "no ticks", said.ticks.length ? "live" : "gone");
  say("rate", whole(said.rate));
  say("p50", whole(said.delay.p50));
  say("p99", whole(said.delay.p99));
  say("p999", whole(said.delay["p99.9"]));
  say("longest", whole(said.delay.longest));
  for (const name of ["missing", "late", "refused"]) say(name, whole(said.losses[name]));
  const lost = said.losses.missing + said.losses.late + said.losses.refused;
  element("lost").classList.toggle("bad", lost > 0);
  drawn = false;
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// A canvas of as many pixels as it has on the screen, drawn in CSS pixels.
function canvas(id) {
  const place = element(id), scale = window.devicePixelRatio || 1;
  const width = place.clientWidth, height = place.clientHeight;
  if (place.width !== Math.round(width * scale) || place.height !== Math.round(height * scale)) {
    place.width = Math.round(width * scale);
    place.height = Math.round(height * scale);
  }
  const context = place.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  return { context, width, height, right: width - 8, bottom: height - BOTTOM };
}

function timeAxis(plot, last) {
  const { context, right, bottom } = plot;
  const x = (tick) => right - (last - tick) * facts.tick_seconds / SECONDS * (right - LEFT);
  context.fillStyle = colour("muted");
  context.strokeStyle = colour("rule");
  context.lineWidth = 1;
  context.textBaseline = "top";
  for (let second = 0; second <= SECONDS; second++) {
    const at = Math.round(right - second / SECONDS * (right - LEFT)) + 0.5;
    context.beginPath();
    context.moveTo(at, TOP);
    context.lineTo(at, bottom);
    context.stroke();
    context.textAlign = second === 0 ? "right" : "center";
    context.fillText(second === 0 ? "now" : `−${second} s`, second === 0 ? right + 4 : at, bottom + 7);
  }
  return x;
}

// The next of 1, 2, 5, 10, 20, ... at or above a value.
function rounded(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= value * 0.999);
}

function drawVelocity(last) {
  const plot = canvas("velocity"), { context, bottom, right } = plot;
  const outputs = ticks.filter((tick) => tick[1]);
  const most = outputs.reduce((so, [, v]) => Math.max(so, Math.abs(v[0]), Math.abs(v[1])), 1e-9);
  reach = Math.max(most, reach * 0.98);
  const step = rounded(reach / 2), end = reach * 1.05;
  const y = (value) => TOP + (1 - value / end) * (bottom - TOP) / 2;
  const x = timeAxis(plot, last);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let value = -Math.floor(end / step) * step; value <= end; value += step) {
    const at = Math.round(y(value)) + 0.5;
    context.strokeStyle = colour(Math.abs(value) < step / 2 ? "axis" : "rule");
    context.beginPath();
    context.moveTo(LEFT, at);
    context.lineTo(right, at);
    context.stroke();
    const text = Number(value.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 3 });
    context.fillText(text.replace("-", "−"), LEFT - 8, at);
  }
  context.lineWidth = 1.6;
  context.lineJoin = "round";
  for (const axis of [0, 1]) {
    context.strokeStyle = colour("xy"[axis]);
    context.beginPath();
    let before = -Infinity;
    for (const [number, velocity] of outputs) {
      // Ticks that the page was not shown leave a gap.
      const goes = number - before <= 2 * facts.every ? "lineTo" : "moveTo";
      context[goes](x(number), y(velocity[axis]));
      before = number;
    }
    context.stroke();
  }
  const newest = outputs[outputs.length - 1];
  if (newest) {
    const digits = Math.min(Math.max(1 - Math.floor(Math.log10(reach)), 0), 20);
    const text = (value) => (Math.abs(value) < 10 ** -digits / 2 ? 0 : value).toFixed(digits);
    say("now", newest[1].map(text).join(", ").replace(/-/g, "−"));
  }
}

function drawRaster(last) {
  const plot = canvas("raster"), { context, bottom } = plot;
  const x = timeAxis(plot, last), row = (bottom - TOP) / facts.channels;
  const width = Math.max((plot.right - LEFT) * facts.tick_seconds / SECONDS, 1.2);
  const height = Math.max(row * 0.8, 1);
  context.fillStyle = colour("spike");
  for (const [number, , channels] of ticks) {
    const at = x(number);
    for (const channel of channels) context.fillRect(at - width, bottom - (channel + 1) * row, width, height);
  }
  context.fillStyle = colour("muted");
  context.textAlign = "right";
  context.textBaseline = "middle";
  const step = Math.max(1, rounded(facts.channels / 6));
  for (let channel = 0; channel < facts.channels; channel += step) {
    context.fillText(String(channel), LEFT - 8, bottom - (channel + 0.5) * row);
  }
}

function draw() {
  if (!drawn && facts && ticks.length) {
    const last = ticks[ticks.length - 1][0];
    drawVelocity(last);
    drawRaster(last);
    drawn = true;
  }
  if (!ended && facts && performance.now() - heard > 2000) state("not connected", "gone");
  requestAnimationFrame(draw);
}

const source = new EventSource("/events");
source.onmessage = (message) => {
  take(JSON.parse(message.data));
  if (ended) source.close();
};
source.onerror = () => { if (!ended) state("not connected", "gone"); };
window.addEventListener("resize", () => { drawn = false; });
window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { drawn = false; });
requestAnimationFrame(draw);
