// views/alerts.js - conditions that hold now, each since when and with its runbook, and those that ended.
import { h } from '../dom.js';
import { active, ended } from '../alertrules.js';
import { clean, date, plural, span } from '../format.js';
import { against, awayText, capital, minuteOf, nowOf } from '../model.js';
import { card, code, copier, empty, nodeLink, page, table } from '../parts.js';

const memory = new Map(); // of this page, while it is open
const tone = { critical: 'bad', warning: 'warn', info: 'note' };

// Links lead to pages of the web alone: a base is part of the address, which others may have written.
function linkOf(base, runbook) {
    try {
        const url = new URL(`${base.replace(/\/*$/, '')}/${runbook}.md`);
        return /^https?:$/.test(url.protocol) ? url.href : null;
    } catch {
        return null;
    }
}

function runbookOf(ctx, r) {
    const path = `docs/runbooks/${r.runbook}.md`,
        href = linkOf(ctx.query.base || '', r.runbook);
    return href
        ? h(
              'span',
              {},
              h('a', { href, rel: 'noreferrer noopener' }, `${r.runbook}.md`),
              h('span', { class: 'muted' }, ' at ', h('bdi', {}, new URL(href).host)),
          )
        : h('span', { class: 'ident' }, code(path), copier(path, 'the path of the runbook'));
}

const severity = (r) => h('span', { class: 'severity e-' + tone[r.severity] }, r.severity, r.pending && h('span', { class: 'muted' }, ' (pending)'));
const subject = (ctx, r) => (r.node ? nodeLink(ctx, r.node) : h('span', {}, 'This network or node'));

function what(ctx, r) {
    if (r.text) return h('bdi', {}, capital(clean(r.text, 300)));
    const text = awayText(ctx.model, r.node) || against(ctx.model, r.node);
    return h('bdi', {}, capital(clean(text, 400)));
}

const COLUMNS = [['Severity', severity, 'name'], ['Alert', (r) => code(r.name)]];

function held(ctx, rows, now) {
    return table(
        'Active alerts',
        [
            ...COLUMNS,
            ['About', (r) => subject(ctx, r), 'name'],
            ['What', (r) => what(ctx, r)],
            [
                'Since',
                (r) =>
                    r.since > 0
                        ? `${minuteOf(ctx.model, r.since)}, for ${span(Math.max(0, now - r.since))}` + (r.observed ? ', as this page has seen' : '')
                        : 'not known',
            ],
            ['Runbook', (r) => runbookOf(ctx, r)],
        ],
        rows,
        (r) => r.key,
        'stacks',
    );
}

function over(ctx, rows) {
    return table(
        'Resolved alerts',
        [
            ...COLUMNS,
            ['About', (r) => subject(ctx, r), 'name'],
            ['Lasted', (r) => (r.epochs ? `${plural(r.epochs, 'epoch')}, ` : '') + span(r.until - r.since)],
            ['From', (r) => date(r.since)],
            ['Until', (r) => date(r.until)],
            ['Runbook', (r) => runbookOf(ctx, r)],
        ],
        rows,
        (r) => r.key,
        'stacks',
    );
}

const baseField = (ctx) =>
    h(
        'label',
        { class: 'pick' },
        h('span', {}, 'Base of your runbooks'),
        h('input', {
            type: 'url',
            placeholder: 'https://wiki.example/runbooks',
            value: ctx.query.base || '',
            onchange: (e) => ctx.set({ base: e.target.value.trim() }),
        }),
    );

export function alertsView(ctx) {
    const { model } = ctx,
        live = model.source === 'live' && !ctx.past,
        now = live ? Date.now() : nowOf(model);
    if (model.nodes.length === 0) return page('Alerts', null, empty('No data yet.'));
    const rows = active(model, now, live ? memory : null),
        firing = rows.filter((r) => !r.pending),
        gone = ended(model, live ? memory : null);
    return page(
        'Alerts',
        `${firing.length ? plural(firing.length, 'alert') + (firing.length === 1 ? ' is' : ' are') + ' active' : 'No alert is active'}${rows.length > firing.length ? `, ${rows.length - firing.length} pending` : ''}; ${gone.length} resolved.`,
        h('div', { class: 'bar' }, baseField(ctx), h('p', { class: 'muted' }, 'The conditions are those of the alert rules that assay monitoring writes, as far as this node\u2019s documents show them.')),
        card('Active', rows.length ? held(ctx, rows, now) : empty('Nothing that the alert rules describe holds now.')),
        card('Resolved', gone.length ? over(ctx, gone) : empty('Nothing ended in the stored epochs.'), { note: 'scores and held epochs by the ledger; others while this page is open' }),
    );
}
