// views/swarm.js - a swarm of assay-sim: random scenarios by the hundred, what they had, and which broke a promise.
import { h } from '../dom.js';
import { clean, count, percent, span } from '../format.js';
import { card, code, empty, facts, stat, table } from '../parts.js';
import { siText, swarmSentence, wordOf } from '../simulation.js';
import { bars } from '../figures.js';
import { hero, verdict } from './run.js';

const SHOWN = 1000;

function failures(m) {
    if (m.failures.length === 0) return empty('Every seed kept every promise.');
    return [
        table(
            'Seeds that broke a promise',
            [
                ['Promise', (f) => verdict('bad', clean(f.what, 60))],
                ['Epoch', (f) => count(f.epoch), 'num'],
                ['What was found', (f) => h('bdi', {}, clean(f.message, 240))],
                ['Again', (f) => code(wordOf(f.reproduce))],
            ],
            m.failures.slice(0, SHOWN),
            undefined,
            'stacks',
        ),
        m.failed > m.failures.length &&
            h('p', { class: 'note' }, `${count(m.failed - m.failures.length)} more are counted, not listed.`),
    ];
}

const drawn = (m) =>
    bars(
        'Share of the seeds that had each kind of fault',
        [
            {
                label: '',
                bars: m.drawn.map((d) => ({
                    label: d.name.replaceAll('_', ' '),
                    value: m.done ? (10000 * d.seeds) / m.done : 0,
                    colour: 's1',
                    text: m.done ? percent((10000 * d.seeds) / m.done) : '\u2013',
                })),
            },
        ],
        { max: 10000 },
    );

export function swarmOverview(ctx) {
    const m = ctx.model;
    return [
        hero(swarmSentence(m), m),
        h(
            'dl',
            { class: 'stats' },
            stat('Seeds', count(m.done), `from ${count(m.from)}`),
            stat('Simulated', span(m.simulated_ms), 'of virtual time'),
            stat('Epochs', siText(m.epochs)),
            stat('Messages', siText(m.messages)),
            stat('Events', siText(m.events)),
        ),
        h(
            'div',
            { class: 'grid two' },
            h(
                'div',
                { class: 'grid' },
                card('What did not hold', failures(m), {}),
                card(
                    'This swarm',
                    facts([
                        ['Program', clean(m.program, 80)],
                        ['Digest', code(m.digest)],
                    ]),
                    { note: 'the same seeds give the same digest' },
                ),
            ),
            card('What was drawn', drawn(m), { note: 'share of the seeds that had it' }),
        ),
    ];
}
