// views/sweep.js - a sweep of assay-sim: figures against an axis, bands over the seeds, closed forms beside them.
import { h } from '../dom.js';
import { clean, count, plural } from '../format.js';
import { card, code, empty, facts, page, table } from '../parts.js';
import { bare, distances, shown, sweepSentence, unitless } from '../simulation.js';
import { COLOURS, bars, chart, perCent } from '../figures.js';
import { hero } from './run.js';

const BARS_MAX = 240;
const TABLE_MAX = 400;
const DOTS_MAX = 100;

const titleOf = (p) => bare(p.name) + (p.cohort ? ', ' + clean(p.cohort, 40) : '');
const idOf = (m, p) => 'p' + m.plots.indexOf(p);
const value = (m, i) => clean(m.axis.values[i], 40) + (m.axis.numeric ? '' : '');
const atText = (m, i) => (m.axis.bp ? shown('_bp', Number(m.axis.values[i])) : value(m, i));
const lineName = (m, k) => clean(m.lines[k], 60) || `line ${k + 1}`;

const aboutOf = (m, p) =>
    unitless(p.line || bare(p.name)) +
    (m.repeats > 1 ? `; median of ${count(m.repeats)} seeds, band from the lowest to the highest` : '');

// Where a curve has its values: between two values of the axis it has several.
function merged(m, p) {
    const { x } = m.axis,
        steps = p.curves.length ? m.steps : 1,
        wide = [];
    x.forEach((v, i) => {
        wide.push(v);
        if (i + 1 < x.length) for (let k = 1; k < steps; k++) wide.push(v + ((x[i + 1] - v) * k) / steps);
    });
    const spread_ = (of) => wide.map((_, j) => (j % steps === 0 ? of(j / steps) : undefined));
    return { wide, steps, spread_ };
}

// Measured values stand at every step-th place of a finer axis: what is between is no gap.
function lineChartOf(ctx, p) {
    const m = ctx.model,
        { wide, steps, spread_ } = merged(m, p);
    const bp = /_bp$/.test(p.name);
    const lines = m.lines.map((_, k) => {
        const of = p.lines[k],
            column = { middle: spread_((i) => of[i].middle) };
        if (m.repeats > 1)
            Object.assign(column, { low: spread_((i) => of[i].low), high: spread_((i) => of[i].high) });
        return {
            label: lineName(m, k),
            column,
            colour: COLOURS[k % COLOURS.length],
            dots: m.axis.x.length <= DOTS_MAX,
        };
    });
    const laws = p.curves.map((c) => ({
        label: `${c.law}: ${c.formula}`,
        column: { middle: wide.map((_, j) => c.values[j] ?? null) },
        colour: COLOURS[c.line % COLOURS.length],
        dash: [7, 5],
    }));
    return chart(ctx, idOf(m, p), titleOf(p), aboutOf(m, p), wide, [...lines, ...laws], {
        ...(bp ? perCent : {}),
        axis: clean(m.axis.name, 40),
        at: (j) =>
            j % steps === 0
                ? atText(m, j / steps)
                : String(Number(wide[j].toPrecision(5))) + (m.axis.bp ? '\u202f%' : ''),
        real: true,
        xLabel: clean(m.axis.name, 40) + (m.axis.bp ? ', %' : ''),
        snap: steps,
        rows: m.axis.x.map((_, i) => i * steps),
    });
}

function barsOf(m, p) {
    const groups = m.axis.values.map((_, i) => ({
        label: m.lines.length > 1 ? value(m, i) : '',
        bars: m.lines.map((_, k) => {
            const at = p.lines[k][i];
            return {
                label: m.lines.length > 1 ? lineName(m, k) : value(m, i),
                value: at.middle,
                low: at.low,
                high: at.high,
                colour: COLOURS[k % COLOURS.length],
                text: shown(p.name, at.middle),
            };
        }),
    }));
    const shownGroups = groups.slice(0, Math.max(1, Math.floor(BARS_MAX / Math.max(1, m.lines.length))));
    return card(
        titleOf(p),
        [
            bars(titleOf(p), shownGroups, { max: /_bp$/.test(p.name) ? 10000 : 0 }),
            shownGroups.length < groups.length &&
                h(
                    'p',
                    { class: 'note' },
                    `The first ${shownGroups.length} of ${groups.length}; the table has all.`,
                ),
        ],
        { note: aboutOf(m, p), key: idOf(m, p) },
    );
}

const plot = (ctx, p) => (ctx.model.axis.numeric ? lineChartOf(ctx, p) : barsOf(ctx.model, p));

// ------------------------------------------------------------ measured and law, side by side

function comparison(m, p) {
    const law = (k, i) => {
        const curve = p.curves.find((c) => c.line === k);
        return curve ? curve.values[i * m.steps] : null;
    };
    const cell = (i, k) => {
        const at = p.lines[k][i],
            by = law(k, i);
        return [
            shown(p.name, at.middle),
            at.high !== null &&
                at.high > at.low &&
                h('span', { class: 'bounds' }, `${shown(p.name, at.low)} to ${shown(p.name, at.high)}`),
            by !== null && by !== undefined && h('span', { class: 'bounds' }, `law ${shown(p.name, by)}`),
        ];
    };
    const rows = m.axis.values.map((_, i) => i).slice(0, TABLE_MAX);
    return table(
        `${titleOf(p)} by ${clean(m.axis.name, 40)}`,
        [
            [clean(m.axis.name, 40), (i) => h('b', {}, atText(m, i)), 'num'],
            ...m.lines.map((_, k) => [lineName(m, k), (i) => cell(i, k), 'num']),
        ],
        rows,
        undefined,
        'roomy',
    );
}

function lawTable(m, p) {
    const rows = distances(m, p);
    return table(
        'Laws',
        [
            ['Law', (r) => h('b', {}, clean(r.curve.law, 12))],
            ['Line', (r) => lineName(m, r.curve.line)],
            ['Formula', (r) => h('code', {}, clean(r.curve.formula, 120))],
            ['Points', (r) => count(r.points), 'num'],
            [
                'Farthest off',
                (r) =>
                    r.most === null
                        ? '\u2013'
                        : `${shown(p.name, r.most)} at ${clean(m.axis.name, 40)} ${atText(m, r.at)}`,
                'num',
            ],
        ],
        rows,
        undefined,
        'roomy',
    );
}

// ------------------------------------------------------------ views

const head = (m) =>
    card(
        'This sweep',
        facts([
            ['Runs', count(m.runs), `${plural(m.points, 'point')}, ${plural(m.repeats, 'seed')} at each`],
            ['Axis', clean(m.axis.name, 60), plural(m.axis.values.length, 'value')],
            m.lines.length < m.linesInAll && [
                'Drawn',
                `the first ${m.lines.length} of ${m.linesInAll} lines`,
                'sweep.csv has all',
            ],
            [
                'Closed forms',
                m.laws
                    ? 'dashed, where one is about the scenario of a point; b is the share of Byzantine members'
                    : 'the shards have no laws.csv: none are drawn',
            ],
            ['Program', clean(m.program, 80)],
            ['Digest', code(m.digest)],
        ]),
    );

export function sweepOverview(ctx) {
    const m = ctx.model,
        first = m.plots[0];
    return [
        hero(sweepSentence(m), m),
        h(
            'div',
            { class: 'grid' },
            first ? plot(ctx, first) : card('Nothing', empty('There is nothing to draw.')),
            first &&
                first.curves.length > 0 &&
                card('Closed forms', lawTable(m, first), { note: 'measured at the same points' }),
            head(m),
        ),
    ];
}

export function sweepPlots(ctx) {
    const m = ctx.model;
    return page(
        'Other figures',
        'Those that are not the same at every point.',
        m.plots.length < 2
            ? card('Nothing', empty('No other figure moves in this sweep.'))
            : h(
                  'div',
                  { class: 'grid simulated' },
                  m.plots.slice(1).map((p) => plot(ctx, p)),
              ),
    );
}

export function sweepTable(ctx) {
    const m = ctx.model,
        index = m.plots.findIndex((p, i) => String(i) === ctx.query.p),
        p = m.plots[Math.max(0, index)];
    if (!p) return page('Comparison', null, empty('There is nothing to compare.'));
    return page(
        'Comparison',
        `${titleOf(p)}: the median${m.repeats > 1 ? ', from the lowest to the highest' : ''}, and the law where one speaks of it.`,
        m.plots.length > 1 &&
            h(
                'div',
                { class: 'bar' },
                h(
                    'label',
                    { class: 'pick' },
                    h('span', {}, 'Figure'),
                    h(
                        'select',
                        {
                            value: String(Math.max(0, index)),
                            onchange: (e) => ctx.set({ p: e.target.value === '0' ? '' : e.target.value }),
                        },
                        m.plots.map((q, i) => h('option', { key: i, value: String(i) }, titleOf(q))),
                    ),
                ),
            ),
        card(titleOf(p), comparison(m, p), { note: aboutOf(m, p) }),
        m.axis.values.length > TABLE_MAX &&
            h(
                'p',
                { class: 'note' },
                `The first ${TABLE_MAX} of ${m.axis.values.length}; summary.csv has all.`,
            ),
    );
}

export function sweepFigures(ctx) {
    const m = ctx.model;
    const bound = (f, key) => shown(f.name, Number.isFinite(f[key]) ? f[key] : null);
    return page(
        'Figures',
        'Every figure over all runs, from the lowest to the highest; sweep.csv has each run.',
        card(
            'Over all runs',
            table(
                'Figures over all runs',
                [
                    ['Figure', (f) => h('code', {}, clean(f.name, 60))],
                    ['Cohort', (f) => h('bdi', {}, clean(f.cohort, 40))],
                    ['Lowest', (f) => bound(f, 'low'), 'num'],
                    ['Highest', (f) => bound(f, 'high'), 'num'],
                    ['What it is', (f) => h('span', { class: 'muted' }, unitless(f.line))],
                ],
                m.figures,
                undefined,
                'roomy',
            ),
        ),
    );
}
