// views/seen.js - the network as one member judged it: its signed ballot of an epoch, next to what most weight voted.
import { h } from '../dom.js';
import { clean, count, plural } from '../format.js';
import { dissents, epochText, findNode, majorities, matrixOf, nameOf } from '../model.js';
import { badge, outcomeMark, outcomeOf } from '../shapes.js';
import { card, empty, page, select, table } from '../parts.js';

const vote = (outcome) => h('span', { class: 'said' }, outcomeMark(outcome), outcomeOf(outcome).word);

function remark(r) {
    if (r.lied) return h('b', { class: 'e-bad' }, 'proven false');
    if (r.dissents) return h('b', { class: 'e-warn' }, 'against most weight');
    return h('span', { class: 'muted' }, r.own === 'none' ? 'no vote' : r.own === r.most ? 'as most weight' : 'another level');
}

function ballot(ctx, matrix, voter) {
    const most = majorities(matrix);
    return matrix.members
        .filter((s) => s.slot !== voter.slot)
        .map((s) => {
            const own = matrix.said(voter.slot, s.slot);
            return {
                node: ctx.model.bySlot.get(s.slot) || s,
                standing: s.standing,
                own,
                most: most.get(s.slot),
                about: matrix.said(s.slot, voter.slot),
                lied: matrix.lied(voter.slot, s.slot),
                dissents: dissents(own, most.get(s.slot)),
            };
        })
        .sort((a, b) => b.lied - a.lied || b.dissents - a.dissents || outcomeOf(a.own).sign - outcomeOf(b.own).sign || a.node.slot - b.node.slot);
}

function pickers(ctx, voter, epoch) {
    const { model } = ctx;
    return h(
        'div',
        { class: 'bar' },
        select('Seen from', model.nodes.map((n) => [n.name, nameOf(n)]), voter.name, (by) => ctx.set({ by })),
        model.epochs.length > 0 &&
            select('Ballot of', model.epochs.map((e) => [String(e.epoch), epochText(model, e.epoch).slice(6)]).reverse(), epoch, (e) => ctx.set({ e })),
    );
}

export function seenView(ctx) {
    const { model, query } = ctx,
        voter = findNode(model, query.by || '') || model.bySlot.get(model.status.slot) || model.nodes[0];
    if (!voter) return page('Seen from', null, empty('No data yet.'));
    const epoch = /^\d+$/.test(query.e || '') ? query.e : String(model.matrix?.epoch ?? model.epochs.at(-1)?.epoch ?? ''),
        matrix = matrixOf(model, epoch);
    if (!matrix && epoch) ctx.older(epoch);
    const row = matrix?.bySlot.get(voter.slot),
        rows = matrix && row ? ballot(ctx, matrix, voter) : [],
        against = rows.filter((r) => r.dissents || r.lied).length;
    return page(
        'Seen from',
        `The network as ${nameOf(voter)} judged it: its ballot, which it signed and the ledger has. No request goes to that node.`,
        pickers(ctx, voter, epoch),
        card(
            `As ${nameOf(voter)} judged it`,
            !row
                ? empty(epoch ? `The ballots of epoch ${clean(epoch, 20)} are not stored here, or it was no member then.` : 'No ballot is stored here yet.')
                : !row.has_ballot
                  ? empty('It sent no ballot in this epoch: the ledger has no judgement of it.')
                  : [
                        h(
                            'p',
                            { class: 'note' },
                            `${epochText(model, matrix.epoch)}: ${plural(rows.filter((r) => r.own !== 'none').length, 'vote')}, ` +
                                (against ? `${count(against)} against most weight or proven false.` : 'none against most weight.'),
                        ),
                        table(
                            'Its votes',
                            [
                                ['Node', (r) => h('a', { class: 'node', href: ctx.address(ctx.nodePath(r.node)) }, h('bdi', {}, nameOf(r.node))), 'name'],
                                ['It voted', (r) => vote(r.own)],
                                ['Most weight', (r) => vote(r.most)],
                                ['', remark, 'name'],
                                ['In the ledger', (r) => (r.standing ? badge(r.standing) : '\u2013')],
                                ['That node voted on it', (r) => vote(r.about)],
                            ],
                            rows,
                            (r) => r.node.slot,
                            'stacks',
                        ),
                    ],
        ),
    );
}
