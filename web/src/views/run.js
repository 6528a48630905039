// views/run.js - one run of assay-sim, or several of a scenario: how it went, what had to hold, every figure, and
// what was simulated.
import { h } from '../dom.js';
import { clean, count, plural, span } from '../format.js';
import { card, code, empty, facts, page, stat, table } from '../parts.js';
import { runSentence, shown, unitless, wordOf } from '../simulation.js';
import { schedule, standings } from '../figures.js';
import { scores } from './course.js';

export const many = (m) => m.runs.length > 1;

// A word with its sign: good, bad, none.
const SIGN = { good: 'M3 8.5 6.5 12 13 4.5', bad: 'M3 3 13 13M13 3 3 13', none: 'M4 8H12' };
export const verdict = (tone, word) =>
    h(
        'span',
        { class: 'ruling r-' + tone },
        h(
            'svg',
            { class: 'mark line', width: 12, height: 12, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
            h('path', { d: SIGN[tone] }),
        ),
        word,
    );

export function hero(sentence, m) {
    return h(
        'section',
        { class: 'hero h-' + sentence.tone },
        h('h1', {}, clean(sentence.head, 200)),
        h('p', {}, h('bdi', {}, clean(sentence.text, 400))),
        m.title && h('p', { class: 'about' }, h('bdi', {}, clean(m.title, 200))),
    );
}

// A middle, and its band where the runs differ.
export const middle = (f, name = '') => shown(name, f.middle);
export function band(m, f, name = '') {
    const differs = f.high !== null && f.high > f.low;
    return [
        differs ? `${shown(name, f.low)} to ${shown(name, f.high)}` : '',
        f.found > 0 && f.found < m.runs.length
            ? `${differs ? ', ' : ''}in ${f.found} of ${plural(m.runs.length, 'run')}`
            : '',
    ].join('');
}

export const bandWords = (m) =>
    !many(m)
        ? 'a band is the lowest and the highest member'
        : m.twentieth
          ? 'median of the runs; the band is from 5 to 95 % of them'
          : 'median of the runs; the band is from the lowest to the highest';

// ------------------------------------------------------------ overview

const figureTile = (m, label, name, note, cohort) => {
    const f = m.figure(name, cohort);
    return f && f.middle !== null && stat(label, middle(f, name), many(m) ? band(m, f, name) || note : note);
};

function tiles(m) {
    const hold = m.assertions.filter((a) => a.held === m.runs.length).length,
        applied = m.checks.filter((c) => c.looked > 0),
        found = m.checks.filter((c) => c.violated > 0).length,
        closed = m.figure('epochs'),
        certified = m.figure('epochs_certified'),
        p99 = m.figure('finality_ms_p99');
    return h(
        'dl',
        { class: 'stats' },
        m.assertions.length > 0 &&
            stat('Assertions', `${hold} of ${m.assertions.length}`, many(m) ? 'hold in every run' : 'hold'),
        stat(
            'Checkers',
            found ? `${found} found something` : `${applied.length} held`,
            `${m.checks.length - applied.length} did not apply`,
        ),
        certified &&
            certified.middle !== null &&
            stat('Epochs certified', middle(certified), closed ? `of ${middle(closed)} closed` : ''),
        figureTile(
            m,
            'Finality',
            'finality_ms_p50',
            p99 && p99.middle !== null ? `99 % within ${middle(p99, p99.name)}` : '',
        ),
        figureTile(m, 'Messages', 'messages', m.network.fidelity === 'epoch' ? 'modelled' : 'delivered'),
        figureTile(m, 'Unjust falls', 'unjust_drops', 'honest scores that fell all the same'),
    );
}

function wrong(m) {
    const found = m.checks.filter((c) => c.violated > 0),
        fails = m.assertions.filter((a) => a.held < m.runs.length);
    if (!found.length && !fails.length)
        return empty(
            m.assertions.length
                ? 'Every assertion holds, and no checker found anything.'
                : 'No checker found anything.',
        );
    return h(
        'ul',
        { class: 'attention' },
        [
            ...found.map((c) => [clean(c.name, 40), foundText(m, c)]),
            ...fails.map((a) => ['', a.text, `found ${middle(a)}`]),
        ]
            .slice(0, 6)
            .map(([name, what, more], i) =>
                h(
                    'li',
                    { key: i },
                    verdict('bad', name || 'fails'),
                    h('span'),
                    h('p', {}, h('bdi', {}, clean(what, 200)), more && ` (${more})`),
                ),
            ),
    );
}

export function runOverview(ctx) {
    const m = ctx.model,
        e = m.epochs;
    return [
        hero(runSentence(m), m),
        tiles(m),
        h(
            'div',
            { class: 'grid simulated' },
            e.x.length > 0 && scores(ctx, 'wide'),
            e.x.length > 0 &&
                card('Standings by epoch', standings(m), {
                    cls: 'wide',
                    note: 'members of each cohort, full at the bottom',
                }),
            card('What did not hold', wrong(m), {}),
            card(
                'What was planned',
                m.schedule.length
                    ? schedule(m)
                    : empty('None: all members are honest, and no fault is planned.'),
                { note: 'attacks, cuts, crashes and changes' },
            ),
        ),
    ];
}

// ------------------------------------------------------------ checks

const foundText = (m, c) =>
    c.violated > 0
        ? `${many(m) ? `seed ${wordOf(c.seed)}, ` : ''}epoch ${count(c.epoch)}: ${wordOf(c.message)}`
        : '';

const checkWord = (m, c) =>
    c.violated > 0
        ? verdict('bad', many(m) ? `violated in ${c.violated} of ${m.runs.length}` : 'violated')
        : c.looked > 0
          ? verdict('good', 'held')
          : verdict('none', 'not applied');

export function checksView(ctx) {
    const m = ctx.model,
        several = many(m);
    return page(
        'Checks',
        'What must come out of this scenario, and what must hold in every one.',
        card(
            'What must come out',
            m.assertions.length === 0
                ? empty('This scenario asserts nothing.')
                : table(
                      'Assertions',
                      [
                          ['Assertion', (a) => h('code', {}, clean(a.text, 200))],
                          [several ? 'Median' : 'Actual', (a) => middle(a), 'num'],
                          ...(several ? [['Band', (a) => band(m, a), 'num']] : []),
                          [
                              'Verdict',
                              (a) =>
                                  verdict(
                                      a.held === m.runs.length ? 'good' : 'bad',
                                      several
                                          ? `holds in ${a.held} of ${m.runs.length}`
                                          : a.held
                                            ? 'holds'
                                            : 'fails',
                                  ),
                          ],
                      ],
                      m.assertions,
                  ),
        ),
        card(
            'What must always hold',
            table(
                'Checkers',
                [
                    ['Checker', (c) => h('b', {}, clean(c.name, 40))],
                    ['Verdict', (c) => checkWord(m, c)],
                    ['Rule', (c) => clean(c.line, 200)],
                    ['Looked', (c) => count(c.looked), 'num'],
                    ['First finding', (c) => h('bdi', {}, clean(foundText(m, c), 240))],
                ],
                m.checks,
                undefined,
                'stacks',
            ),
        ),
    );
}

// ------------------------------------------------------------ figures

export function figuresView(ctx) {
    const m = ctx.model,
        several = many(m),
        cohort = m.figures.filter((f) => Number.isInteger(f.cohort)),
        network = m.figures.filter((f) => !Number.isInteger(f.cohort));
    const byName = [...new Set(cohort.map((f) => f.name))].map((name) =>
        cohort.filter((f) => f.name === name),
    );
    const cell = (row, c) => {
        const f = row.find((x) => x.cohort === c.index);
        if (!f) return '\u2013';
        const more = several ? band(m, f, f.name) : '';
        return [middle(f, f.name), more && h('span', { class: 'bounds' }, more)];
    };
    return page(
        'Figures',
        several
            ? bandWords(m) + '.'
            : 'Everything that was counted; a dash where there was nothing to count.',
        card(
            'By cohort',
            table(
                'Figures of cohorts',
                [
                    ['Figure', (row) => h('code', {}, clean(row[0].name, 60))],
                    ...m.cohorts.map((c) => [
                        `${clean(c.name, 24)} (${count(c.members)})`,
                        (row) => cell(row, c),
                        'num',
                    ]),
                    ['What it is', (row) => h('span', { class: 'muted' }, unitless(row[0].line))],
                ],
                byName,
                undefined,
                'roomy',
            ),
        ),
        card(
            'Of the network',
            table(
                'Figures of the network',
                [
                    ['Figure', (f) => h('code', {}, clean(f.name, 60))],
                    [several ? 'Median' : 'Value', (f) => middle(f, f.name), 'num'],
                    ...(several ? [['Band', (f) => band(m, f, f.name), 'num']] : []),
                    ['What it is', (f) => h('span', { class: 'muted' }, unitless(f.line))],
                ],
                network,
            ),
        ),
    );
}

// ------------------------------------------------------------ scenario

const FIDELITY = {
    message: 'the whole engine, every message an event',
    epoch: 'the same tally, records and rules; delivery drawn per epoch',
};

function networkFacts(m) {
    const n = m.network;
    return facts([
        ['Nodes', count(n.nodes), `of ${plural(n.operators, 'operator')} on ${plural(n.vendors, 'vendor root')}`],
        ['Cohorts', m.cohorts.map((c) => `${clean(c.name, 40)} ${count(c.members)}`).join(', ')],
        ['Epochs', count(n.epochs), `of ${span(n.epoch_ms)}`],
        ['Fidelity', clean(n.fidelity, 20) + (FIDELITY[n.fidelity] ? ':' : ''), FIDELITY[n.fidelity]],
        ['Evidence', clean(n.evidence, 20), n.evidence === 'real' ? 'SOFT quotes, verified' : ''],
        ['Signatures', clean(n.signatures, 20)],
        ['Rule', clean(n.rule, 20) + ',', `weight from ${clean(n.weight, 20)}`],
        ['Caps', `operator ${shown('_bp', n.operator_cap_bp)}, vendor root ${shown('_bp', n.vendor_cap_bp)}`],
    ]);
}

function linkFacts(m) {
    const l = m.link;
    const permille = (v) => `${count(v)}\u202f\u2030`;
    return facts([
        [
            'Delay',
            clean(l.delay, 20),
            `${span(l.delay_min_ms)} at least, ${span(l.delay_max_ms)} at most${l.delay === 'uniform' ? '' : `, ${span(l.delay_mean_ms)} on the mean`}`,
        ],
        [
            'Loss',
            permille(l.loss_permille),
            l.loss_permille > 0 && l.loss_of !== 'all' ? `of ${clean(l.loss_of, 20)}` : '',
        ],
        ['Duplicates', permille(l.duplicate_permille)],
        ['Reordered', permille(l.reorder_permille), l.reorder_permille > 0 ? `by ${span(l.reorder_ms)}` : ''],
        ['Uplink', l.bandwidth_kbit_s ? `${count(l.bandwidth_kbit_s)} kbit/s` : 'unlimited'],
        [
            'Clocks',
            `${span(l.skew_ms)} apart,`,
            l.drift_ppm ? `drifting up to ${count(l.drift_ppm)} ppm` : 'no drift',
        ],
    ]);
}

function oneRun(run) {
    return facts([
        ['Seed', code(wordOf(run.seed))],
        run.stopped && ['Stopped', clean(run.stopped, 200)],
        run.reproduce && ['Again', code(run.reproduce)],
        ['Trace hash', code(run.trace_hash)],
        ['State root', code(run.state_root)],
        ['Root chain', code(run.root_chain)],
    ]);
}

const runTable = (m) =>
    table(
        'Runs',
        [
            ['Seed', (r) => wordOf(r.seed), 'num'],
            [
                'Verdict',
                (r) =>
                    r.passed === true
                        ? verdict('good', 'held')
                        : r.interrupted
                          ? verdict('none', 'interrupted')
                          : verdict('bad', 'failed'),
            ],
            ['Epochs', (r) => count(r.epochs), 'num'],
            ['Trace hash', (r) => code(wordOf(r.trace_hash))],
            ['Again', (r) => code(wordOf(r.reproduce))],
        ],
        m.runs.slice(0, 500),
        undefined,
        'stacks',
    );

export function scenarioView(ctx) {
    const m = ctx.model;
    return page(
        'Scenario',
        h('bdi', {}, clean(m.title, 200)),
        h(
            'div',
            { class: 'grid two' },
            card('Network', networkFacts(m)),
            card('Links and clocks', linkFacts(m)),
        ),
        m.schedule.length > 0 && card('What was planned', schedule(m)),
        many(m)
            ? card(plural(m.runs.length, 'run'), runTable(m))
            : m.runs.length > 0 && card('This run', oneRun(m.runs[0])),
        m.scenario &&
            card(
                'The file',
                h(
                    'pre',
                    { class: 'file', tabindex: 0, role: 'region', 'aria-label': 'Scenario file' },
                    lines(m.scenario),
                ),
                { note: 'every key spelled out; assay-sim run takes it' },
            ),
    );
}

// A file is shown line by line: each is cleaned, and none is cut short in the middle of the file.
const lines = (text) =>
    text
        .split('\n')
        .slice(0, 2000)
        .map((line) => clean(line, 300))
        .join('\n');
