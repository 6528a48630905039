// simulation.js - what a report of assay-sim holds, fit to be shown (docs/simulator.md 4): lists are lists, numbers
// numbers, whatever the file says; and the sentence that says how it went.
import { clean, count, plural } from './format.js';
import { list } from './model.js';

const object = (x) => (x && typeof x === 'object' && !Array.isArray(x) ? x : {});
const number = (x, otherwise = 0) => (Number.isFinite(x) ? x : otherwise);
export const wordOf = (x, otherwise = '') => (typeof x === 'string' ? x : otherwise);

const scaled = (values, scale) => list(values).map((v) => (Number.isFinite(v) ? v / scale : null));
const spread = (of, scale) => {
    const at = (key) => (Number.isFinite(of[key]) ? of[key] / scale : null);
    return { middle: at('middle'), low: at('low'), high: at('high'), found: number(of.found) };
};

// ------------------------------------------------------------ runs

const COHORT = [
    'score_mean_bp',
    'score_min_bp',
    'score_max_bp',
    'integrity_mean_bp',
    'availability_mean_bp',
    'weight_share_bp',
    'full',
    'warning',
    'restricted',
    'suspended',
];
const NETWORK = [
    'false_suspensions',
    'messages',
    'bytes',
    'verifications',
    'views_nullified',
    'blocks',
    'proofs',
    'crashes',
    'certificates_held',
    'largest_operator_bp',
    'largest_vendor_bp',
];

// Every column as long as the axis; what is missing is a gap.
function columnOf(of, name, size, scale) {
    const column = object(of[name]),
        fit = (values) => Array.from({ length: size }, (_, i) => values[i] ?? null);
    const both = Array.isArray(column.low) && Array.isArray(column.high);
    return {
        middle: fit(scaled(column.middle, scale)),
        low: both ? fit(scaled(column.low, scale)) : null,
        high: both ? fit(scaled(column.high, scale)) : null,
    };
}

const PIECES_MAX = 4096;
function epochsOf(data, cohorts) {
    const e = object(data.epochs),
        scale = number(e.scale, 1) || 1,
        step = Math.max(1, number(e.step, 1));
    const first = number(e.first, 1),
        size = Number.isFinite(e.last)
            ? Math.min(PIECES_MAX, Math.max(0, Math.floor((e.last - first) / step) + 1))
            : 0;
    const x = Array.from({ length: size }, (_, i) => first + i * step);
    const columns = (of, all) =>
        Object.fromEntries(all.map((name) => [name, columnOf(of, name, size, scale)]));
    return {
        x,
        step,
        last: number(e.last),
        held: x.map((_, i) => number(list(e.held)[i]) / 100),
        cohorts: cohorts.map((c, i) => columns(object(list(e.cohorts)[i]), COHORT)),
        ...columns(e, NETWORK),
    };
}

function runsModel(data, version) {
    const scale = number(data.scale, 1) || 1,
        cohorts = list(data.cohorts).map((c, i) => ({
            index: i,
            name: wordOf(c?.name),
            members: number(c?.members),
        }));
    const figures = list(data.figures)
        .map(object)
        .map((f) => ({ name: wordOf(f.name), line: wordOf(f.line), cohort: f.cohort, ...spread(f, scale) }));
    const runs = list(data.runs).map(object);
    return {
        kind: 'runs',
        version,
        name: wordOf(data.name, 'a run'),
        title: wordOf(data.title),
        network: object(data.network),
        link: object(data.link),
        cohorts,
        present: cohorts.filter((c) => c.members > 0),
        schedule: list(data.schedule).map(object),
        runs,
        passed: runs.filter((r) => r.passed === true).length,
        twentieth: data.band_5_to_95 === true,
        assertions: list(data.assertions)
            .map(object)
            .map((a) => ({ text: wordOf(a.text), held: number(a.held), ...spread(a, scale) })),
        checks: list(data.checks)
            .map(object)
            .map((c) => ({ ...c, looked: number(c.looked), violated: number(c.violated) })),
        figures,
        laws: list(data.laws).map(object),
        epochs: epochsOf(data, cohorts),
        scenario: wordOf(data.scenario),
        figure: (name, cohort) =>
            figures.find((f) => f.name === name && (cohort === undefined || f.cohort === cohort)),
    };
}

// ------------------------------------------------------------ sweeps and swarms

function sweepModel(data, version) {
    const scale = number(data.scale, 1) || 1,
        axis = object(data.axis),
        values = list(axis.values).map((v) => wordOf(v));
    const numeric = axis.numeric === true && values.every((v) => Number.isFinite(Number(v))),
        bp = numeric && /_bp$/.test(wordOf(axis.name));
    const size = values.length,
        names_ = list(data.lines).map((l) => wordOf(l));
    return {
        kind: 'sweep',
        version,
        name: wordOf(data.name, 'a sweep'),
        title: wordOf(data.title),
        program: wordOf(data.program),
        digest: wordOf(data.digest),
        runs: number(data.runs),
        points: number(data.points),
        repeats: number(data.repeats, 1),
        violated: number(data.violated),
        laws: data.laws === true,
        steps: Math.max(1, number(data.law_steps, 1)),
        lines: names_,
        linesInAll: number(data.lines_in_all, names_.length),
        axis: {
            name: wordOf(axis.name, 'x').replace(bp ? /_bp$/ : '', '') || 'x',
            numeric,
            bp,
            values,
            x: values.map((v, i) => (numeric ? Number(v) / (bp ? 100 : 1) : i)),
        },
        plots: list(data.plots)
            .map(object)
            .map((p) => ({
                name: wordOf(p.name),
                cohort: wordOf(p.cohort),
                line: wordOf(p.line),
                lines: names_.map((_, k) =>
                    Array.from({ length: size }, (_, i) => spread(object(list(list(p.lines)[k])[i]), scale)),
                ),
                curves: list(p.curves)
                    .map(object)
                    .map((c) => ({
                        line: number(c.of_line),
                        law: wordOf(c.law),
                        formula: wordOf(c.formula),
                        values: scaled(c.values, scale),
                    })),
            })),
        figures: list(data.figures)
            .map(object)
            .map((f) => ({ ...f, name: wordOf(f.name), cohort: wordOf(f.cohort), line: wordOf(f.line) })),
    };
}

function swarmModel(data, version) {
    return {
        kind: 'swarm',
        version,
        name: 'swarm',
        title: '',
        program: wordOf(data.program),
        digest: wordOf(data.digest),
        ...Object.fromEntries(
            ['from', 'seeds', 'done', 'failed', 'beyond', 'epochs', 'messages', 'events', 'simulated_ms'].map(
                (key) => [key, number(data[key])],
            ),
        ),
        drawn: Object.entries(object(data.drawn)).map(([name, seeds]) => ({ name, seeds: number(seeds) })),
        failures: list(data.failures).map(object),
    };
}

export function makeSimulation(docs, version) {
    const data = object(docs);
    if (data.sweep) return sweepModel(object(data.sweep), version);
    if (data.swarm) return swarmModel(object(data.swarm), version);
    return runsModel(object(data.runs), version);
}

// ------------------------------------------------------------ the sentence

const many = (m) => m.runs.length > 1;

function headOf(m) {
    if (m.runs.length === 0) return { tone: 'note', head: 'Nothing was simulated.' };
    if (many(m))
        return m.passed === m.runs.length
            ? { tone: 'good', head: `Everything held in all ${m.runs.length} runs.` }
            : { tone: 'bad', head: `Everything held in ${m.passed} of ${m.runs.length} runs.` };
    const fails = m.assertions.filter((a) => a.held === 0).length,
        found = m.checks.filter((c) => c.violated > 0).length,
        run = m.runs[0];
    if (run.interrupted) return { tone: 'note', head: 'Interrupted: the run is not over.' };
    if (run.stopped) return { tone: 'bad', head: `It stopped: ${wordOf(run.stopped)}.` };
    if (!fails && !found)
        return {
            tone: run.passed ? 'good' : 'bad',
            head: run.passed ? 'Everything held.' : 'Something did not hold.',
        };
    const parts = [];
    if (found) parts.push(`${plural(found, 'checker')} found something`);
    if (fails) parts.push(`${plural(fails, 'assertion')} ${fails === 1 ? 'fails' : 'fail'}`);
    return { tone: 'bad', head: parts.join(', ').replace(/^./, (c) => c.toUpperCase()) + '.' };
}

export const most = (column) =>
    Math.max(0, ...column.middle.map((v, i) => (column.high ? column.high[i] : v) ?? 0));

function fallsOf(m) {
    const fell = m.present
        .map((c) => ({
            c,
            to: m.figure('detection_epochs', c.index),
            back: m.figure('recovery_epochs', c.index),
        }))
        .filter(({ to }) => to && to.middle !== null);
    return fell.map(
        ({ c, to, back }) =>
            `cohort ${c.name} was suspended after ${plural(to.middle, 'epoch')}` +
            (back && back.middle !== null ? ` and full again ${plural(back.middle, 'epoch')} later` : ''),
    );
}

export function runSentence(m) {
    const e = m.epochs,
        wrong = most(e.false_suspensions);
    const parts = fallsOf(m);
    if (e.x.length)
        parts.push(
            wrong > 0
                ? `at most ${plural(Math.round(wrong), 'honest member')} suspended at once`
                : 'no honest member was ever suspended',
        );
    const text = parts.length ? parts.join('; ') + '.' : 'No epoch closed.';
    return { ...headOf(m), text: text.replace(/^./, (c) => c.toUpperCase()) };
}

// ------------------------------------------------------------ numbers for readers

const UNITS = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k', 1e3],
];
export function siText(value) {
    if (!Number.isFinite(value)) return '\u2013';
    for (const [from, unit, by] of UNITS)
        if (Math.abs(value) >= from) return `${Number((value / (by || from)).toPrecision(4))}\u202f${unit}`;
    return String(Number(Number.isInteger(value) ? value : value.toPrecision(4)));
}

export const exact = (bp) => (Number.isFinite(bp) ? `${Number((bp / 100).toFixed(2))}\u202f%` : '\u2013');

// A figure by the end of its name.
export function shown(name, value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return '\u2013';
    if (/_bp$/.test(name)) return exact(value);
    if (/_ms(_p\d+)?$/.test(name)) return `${count(value)} ms`;
    return Number.isInteger(value) ? count(value) : siText(value);
}
// What a figure is; its unit stands at the value.
export const unitless = (line) => clean(line, 200).replace(/, (bp|ms)$/, '');
export const bare = (name) => name.replace(/_bp$/, '').replaceAll('_', ' ');

export function swarmSentence(m) {
    if (m.done === 0) return { tone: 'note', head: 'No seed was run.', text: '' };
    const rest = m.done < m.seeds ? ` Stopped: ${count(m.done)} of ${count(m.seeds)} seeds.` : '';
    return {
        tone: m.failed ? 'bad' : 'good',
        head: m.failed
            ? `${plural(m.failed, 'seed')} of ${count(m.done)} broke a promise.`
            : `All ${count(m.done)} seeds kept every promise.`,
        text: `${count(m.beyond)} of them had more than a third of traitors, where safety alone is demanded.${rest}`,
    };
}

export function sweepSentence(m) {
    return {
        tone: m.violated ? 'bad' : 'good',
        head: m.violated
            ? `A checker found something in ${count(m.violated)} of ${count(m.runs)} runs.`
            : 'No checker found anything.',
        text: `${plural(m.runs, 'run')}: ${plural(m.points, 'point')}, ${plural(m.repeats, 'seed')} at each.`,
    };
}

// Of every law how far the medians lie from it, where both have a value.
export function distances(m, plot) {
    return plot.curves.map((curve) => {
        let most_ = null,
            at = null,
            points = 0;
        plot.lines.forEach((line, k) => {
            if (k !== curve.line) return;
            line.forEach((p, i) => {
                const law = curve.values[i * m.steps];
                if (p.middle === null || law === null || law === undefined) return;
                points++;
                const far = Math.abs(p.middle - law);
                if (most_ === null || far > most_) [most_, at] = [far, i];
            });
        });
        return { curve, points, most: most_, at };
    });
}
