// views/policy.js - what the operators accept, and the members that would be suspended if they accepted less.
import { h } from '../dom.js';
import { clean, count, date, percent, plural, short, span } from '../format.js';
import { majorities, nameOf, whatIf } from '../model.js';
import { outcomeMark, outcomeOf } from '../shapes.js';
import { card, code, empty, facts, ident, nodeLink, page, table } from '../parts.js';

const TRIALS = [
    ['pass-needs-hardening', 'Needs hardening or configuration'],
    ['pass-out-of-date', 'Out of date, within grace'],
];

// Evidence of every member, judged by this page under one change: a level refused, or a value denied.
function dryRun(ctx, policy) {
    const { model, query } = ctx,
        evidence = model.docs.evidence?.nodes || [],
        most = model.matrix ? majorities(model.matrix) : null;
    const refused = new Set((query.refuse || '').split('.').filter(Boolean)),
        denied = new Set((query.deny || '').split('.').filter(Boolean));
    const levelOf = (n) => (most && most.get(n.slot)) || n.own_outcome;
    const valueOf = (slot) =>
        new Map((evidence.find((e) => e.slot === slot)?.claims || []).map((c) => [c.name, c.observed]));
    const falls = model.nodes.filter((n) => {
        if (refused.has(levelOf(n))) return true;
        const claims = denied.size ? valueOf(n.slot) : null;
        return (
            claims &&
            policy.references.some((r, i) => denied.has(String(i)) && claims.get(r.field) === r.value)
        );
    });
    const test = whatIf(model.nodes, new Set(falls.map((n) => n.slot))),
        felled = test.total ? test.out / test.total : 0;
    const flip = (key, set_, id) => {
        const next = new Set(set_);
        if (next.has(id)) next.delete(id);
        else next.add(id);
        ctx.set({ [key]: [...next].sort().join('.') });
    };
    const none = refused.size + denied.size === 0;
    const word = none
        ? ['quiet', 'Choose below what would no longer be accepted.']
        : falls.length === 0
          ? ['good', 'No member would be suspended.']
          : 5 * test.out > test.total
            ? [
                  'bad',
                  `${plural(falls.length, 'node')} would be suspended, ${percent(10000 * felled)} of the weight: such a change reverts by itself.`,
              ]
            : [
                  'warn',
                  `${plural(falls.length, 'node')} would be suspended, ${percent(10000 * felled)} of the weight.`,
              ];
    return card('Dry run', [
        h(
            'p',
            { class: 'verdictline e-' + word[0], role: 'status' },
            h('b', {}, word[1]),
            falls.length > 0 && !test.progress && h('span', { class: 'e-bad' }, ' The network would stop.'),
        ),
        h(
            'fieldset',
            { class: 'picks' },
            h('legend', {}, 'Levels that would be refused'),
            TRIALS.map(([id, text]) =>
                h(
                    'label',
                    { key: id },
                    h('input', {
                        type: 'checkbox',
                        checked: refused.has(id),
                        onchange: () => flip('refuse', refused, id),
                    }),
                    outcomeMark(id),
                    text,
                ),
            ),
        ),
        policy?.references?.length > 0 &&
            h(
                'fieldset',
                { class: 'picks' },
                h(
                    'legend',
                    {},
                    evidence.length
                        ? 'Values that would be denied'
                        : 'Values that would be denied: needs the evidence, which a report has',
                ),
                policy.references.map((r, i) =>
                    h(
                        'label',
                        { key: i },
                        h('input', {
                            type: 'checkbox',
                            disabled: evidence.length === 0,
                            checked: denied.has(String(i)),
                            onchange: () => flip('deny', denied, String(i)),
                        }),
                        clean(r.field, 30),
                        ' ',
                        h('code', { title: clean(r.value, 400) }, short(clean(r.value, 128), 16)),
                    ),
                ),
            ),
        falls.length > 0 &&
            h(
                'ul',
                { class: 'inline' },
                falls.slice(0, 30).map((n) => h('li', { key: n.slot }, nodeLink(ctx, n))),
            ),
        h(
            'p',
            { class: 'note' },
            'Worked out of the last votes and the evidence at hand. Before a change is signed: ',
            h('code', {}, 'assay change simulate FILE'),
        ),
    ]);
}

export function policyView(ctx) {
    const { model } = ctx,
        policy = model.docs.policy,
        s = model.status;
    if (model.nodes.length === 0) return page('Policy', null, empty('No data yet.'));
    const digest = policy?.digest || s.changes?.policy_digest;
    return page(
        'Policy',
        s.insecure
            ? 'Profile development: SOFT evidence is accepted, and proves nothing about hardware.'
            : 'What the operators accept as evidence.',
        h(
            'div',
            { class: 'grid two' },
            card(
                'In force',
                !policy
                    ? [
                          facts([
                              ['Digest', digest ? ident(digest, 'the digest') : code('\u2013')],
                              ['Profile', s.insecure ? 'development, INSECURE' : 'production'],
                          ]),
                          empty(
                              'The node does not serve the text of the policy.',
                              'A report has it (assay report --html FILE); assay policy show prints it.',
                          ),
                      ]
                    : [
                          facts([
                              ['Digest', ident(digest, 'the digest')],
                              [
                                  'Profile',
                                  policy.profile === 'development'
                                      ? 'development, INSECURE'
                                      : clean(policy.profile),
                              ],
                              Array.isArray(policy.kinds) && [
                                  'Kinds',
                                  policy.kinds.map((k) => clean(k, 30)).join(', '),
                              ],
                              policy.tcb_evaluation_number_min > 0 && [
                                  'Least evaluation number',
                                  count(policy.tcb_evaluation_number_min),
                              ],
                              [
                                  'Roots',
                                  (policy.roots || []).map((r) => clean(r.name, 31)).join(', ') ||
                                      'the pinned ones',
                              ],
                              policy.advisories_denied?.length > 0 && [
                                  'Advisories denied',
                                  policy.advisories_denied.map((a) => clean(a, 40)).join(', '),
                              ],
                          ]),
                          h('h3', {}, 'Reference values'),
                          policy.references?.length
                              ? table(
                                    'Reference values',
                                    [
                                        ['Field', (r) => clean(r.field, 30), 'name'],
                                        [
                                            'State',
                                            (r) =>
                                                h(
                                                    'span',
                                                    { class: 'chip s-' + clean(r.state, 12) },
                                                    clean(r.state, 12),
                                                ),
                                        ],
                                        ['Value', (r) => ident(r.value, clean(r.field, 30))],
                                        [
                                            'Valid',
                                            (r) =>
                                                r.not_after
                                                    ? 'until ' + date(Date.parse(r.not_after))
                                                    : 'always',
                                        ],
                                    ],
                                    policy.references,
                                    null,
                                    'stacks',
                                )
                              : empty('None: any measurement is accepted.'),
                          h('h3', {}, 'TCB statuses'),
                          table(
                              'TCB statuses',
                              [
                                  ['Status', (r) => clean(r.status, 50)],
                                  ['Appraised as', (r) => clean(r.accept, 20)],
                                  [
                                      'For',
                                      (r) =>
                                          r.grace_s === null || r.grace_s === undefined
                                              ? 'always'
                                              : span(r.grace_s * 1000),
                                      'when',
                                  ],
                              ],
                              policy.statuses || [],
                          ),
                      ],
            ),
            dryRun(ctx, policy || { references: [] }),
        ),
    );
}
