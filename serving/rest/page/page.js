// Fills in a form for the chosen model's features, and shows the prediction.
'use strict';

const byId = id => document.getElementById(id);
const wholeTypes = /^u?int/;
let models = [];
let token = '';
let controls = new Map(); // By the feature's name, which may be any.

const authorized = () => (token ? {Authorization: `Bearer ${token}`} : {});

function notice(text, wrong = false) {
  byId('notice').textContent = text;
  byId('notice').classList.toggle('wrong', wrong);
}

async function answerOf(response) {
  const text = await response.text();
  // NaN and Infinity are numbers to this server, but not to JSON.parse.
  const strict = text.replace(/(?<![\w"])(NaN|-?Infinity)(?![\w"])/g, '"$1"');
  let value;
  try { value = JSON.parse(strict); } catch { throw new Error(text || response.statusText); }
  if (!response.ok) throw new Error(value.error || response.statusText);
  return {text, value};
}

function field(input) {
  const label = document.createElement('label');
  const head = document.createElement('span');
  const kind = input.type + (input.scalar ? '' : ', JSON') + (input.optional ? ', optional' : '');
  head.append(input.name, Object.assign(document.createElement('small'), {textContent: kind}));
  let control;
  if (input.type === 'bool' && input.scalar) {
    control = document.createElement('select');
    for (const value of ['', 'true', 'false']) control.append(new Option(value, value));
  } else {
    control = document.createElement('input');
    if (input.scalar && input.type !== 'string') control.inputMode = 'decimal';
  }
  controls.set(input.name, control);
  control.autocomplete = 'off';
  label.append(head, control);
  return label;
}

function shown(value, input) {
  if (value === undefined || value === null) return '';
  return input.scalar && typeof value !== 'object' ? String(value) : JSON.stringify(value);
}

function show(model) {
  const versions = model.versions.map(version => {
    const labels = Object.keys(model.labels).filter(label => model.labels[label] === version);
    return version + (labels.length ? ` (${labels.join(', ')})` : '');
  });
  byId('about').textContent = `${model.name}, version ${versions.join(', ')}` +
    (model.example ? '. The values are those of an example.' : '');
  controls = new Map();
  byId('inputs').replaceChildren(...model.inputs.map(field));
  const example = new Map(Object.entries(model.example || {}));
  for (const input of model.inputs) {
    controls.get(input.name).value = shown(example.get(input.name), input);
  }
  byId('form').hidden = !model.inputs.length;
  byId('result').hidden = true;
  notice(model.inputs.length ? '' : `${model.name} has no signature serving_default to fill in.`);
}

// A value as it stands in the request's JSON; as text, since numbers of 64 bits lose digits.
function asJson(text, input) {
  if (!input.scalar) {
    JSON.parse(text);
    return text;
  }
  if (input.type === 'string') return text.startsWith('{') ? text : JSON.stringify(text);
  if (input.type === 'bool') return text;
  const number = text.trim();
  const pattern = wholeTypes.test(input.type) ? /^-?\d+$/ : /^(-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|NaN|-?Infinity)$/i;
  if (!pattern.test(number)) throw new Error(`${input.name}: ${text} is no ${input.type}`);
  return number.replace(/^(-?)0+(?=\d)/, '$1').replace(/^(-?)\./, '$10.').replace(/\.(?=e|$)/i, '.0');
}

function row(model) {
  const values = [];
  for (const input of model.inputs) {
    const text = controls.get(input.name).value;
    if (text === '' && (input.optional || input.type !== 'string')) {
      if (input.optional) continue;
      throw new Error(`${input.name} is needed.`);
    }
    values.push(`${JSON.stringify(input.name)}: ${asJson(text, input)}`);
  }
  return `{${values.join(', ')}}`;
}

function output(name, value) {
  const box = document.createElement('div');
  const flat = Array.isArray(value) && value.length === 1 ? value[0] : value;
  box.append(
    Object.assign(document.createElement('small'), {textContent: name}),
    Object.assign(document.createElement('strong'), {
      textContent: typeof flat === 'object' ? JSON.stringify(flat) : String(flat)}));
  return box;
}

async function predict(model) {
  const body = `{"instances": [${row(model)}]}`;
  // The version whose features the form has.
  const path = `v1/models/${encodeURIComponent(model.name)}/versions/${model.version}:predict`;
  const response = await fetch(path, {method: 'POST', body, headers: authorized()});
  const {text, value} = await answerOf(response);
  const [prediction] = value.predictions;
  const named = prediction !== null && typeof prediction === 'object' && !Array.isArray(prediction);
  byId('outputs').replaceChildren(
    ...(named ? Object.entries(prediction) : [['output', prediction]]).map(pair => output(...pair)),
    output('version', response.headers.get('X-Model-Version')));
  const quoted = body.replaceAll("'", "'\\''");
  byId('request').textContent = `curl ${new URL(path, location)} -d '${quoted}'` +
    (token ? " -H 'Authorization: Bearer TOKEN'" : '');
  byId('answer').textContent = text;
  byId('result').hidden = false;
  notice('');
}

const chosen = () => models[byId('model').selectedIndex];

byId('model').addEventListener('change', () => show(chosen()));
byId('clear').addEventListener('click', () => {
  for (const input of chosen().inputs) controls.get(input.name).value = '';
  byId('result').hidden = true;
});
byId('form').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    await predict(chosen());
  } catch (error) {
    byId('result').hidden = true;
    notice(error.message, true);
  }
});

async function load() {
  try {
    const response = await fetch('models', {headers: authorized()});
    byId('ask-token').hidden = response.status !== 401;
    if (response.status === 401) {
      notice(token ? 'That is not the token.' : 'This server asks for a token.', Boolean(token));
      return;
    }
    models = (await answerOf(response)).value.models;
    byId('model').replaceChildren(...models.map(model => new Option(model.name)));
    byId('choice').hidden = models.length < 2;
    if (models.length) show(chosen());
    else notice('No model is available yet. Train and push one, and load this page again.');
  } catch (error) {
    notice(error.message, true);
  }
}

byId('ask-token').addEventListener('submit', event => {
  event.preventDefault();
  token = byId('token').value.trim();
  load();
});
load();
