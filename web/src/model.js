// model.js - what the documents of a node say, put together for the views. Pure: no page, no network, no clock.
import { clean, minute, percent, plural } from './format.js';
import { CONDITIONS } from './shapes.js';

export const list = (value) => (Array.isArray(value) ? value : []);

// docs: data of the documents by their short names (status, nodes, history, timeline, matrix, changes, policy,
// collateral, services, evidence). Each may be missing.
export function makeModel(docs, source) {
    const status = docs.status || {};
    const known = list(docs.nodes && docs.nodes.nodes);
    const nodes = known.filter((n) => n.stage !== 'left'); // slots are for good: who left keeps one
    const events = list(docs.timeline && docs.timeline.events);
    const bySlot = new Map(known.map((n) => [n.slot, n]));
    return {
        docs,
        source,
        status,
        nodes,
        epochs: once(docs.history, readEpochs) || [],
        events,
        bySlot,
        matrix: once(docs.matrix, readMatrix),
        services: servicesOf(docs),
        begins: once(docs.timeline, readBegins) || [],
    };
}

// When epochs began, by the closes before them: [epoch, Unix ms], the oldest first.
const readBegins = (timeline) =>
    list(timeline.events)
        .filter((e) => e.event === 'epoch_closed' && e.a > 0 && e.at_unix_ms > 0)
        .map((e) => [e.a + 1, e.at_unix_ms])
        .sort((a, b) => a[0] - b[0]);

// When an epoch began, or will: from the next begin that is known, or the running epoch. NaN: not known.
export function beginOf(model, epoch) {
    const { epoch: running, epoch_t0_ms: t0, epoch_ms: length } = model.status,
        [at, ms] = model.begins.find(([e]) => e >= epoch) || (t0 > 0 ? [running, t0] : [0, NaN]);
    return epoch > 0 ? ms + (epoch - at) * (length || NaN) : NaN;
}

// 'epoch 33 (17:46 UTC)'.
export function epochText(model, epoch, ms = beginOf(model, epoch)) {
    return `epoch ${epoch}` + (Number.isFinite(ms) ? ` (${minute(ms, nowOf(model))})` : '');
}
// This moment as the node has it: a report has its own.
export const nowOf = ({ status }) => (status.epoch_t0_ms || 0) + (status.closing?.open_ms || 0);

// A time as the page gives it: '17:46 UTC', with the date of other days.
export const minuteOf = (model, ms) => minute(ms, nowOf(model));

// One word about a member, of the node's own making; older nodes do not say.
export const conditionOf = (n) =>
    n.condition || { resting: 'DRAINED', left: 'LEFT' }[n.stage] || n.standing || 'UNKNOWN';

// Null of a network that has none, and of nodes that do not say.
export function servicesOf(docs) {
    const s = docs.services;
    if (!s || !(list(s.groups).length || s.shares || s.tasks || s.identity || s.known === false)) return null;
    return { ...s, groups: list(s.groups), records: list(s.records) };
}

// What is made of a document is made once: most updates change other documents.
const made = new WeakMap();
function once(doc, make) {
    if (!doc || typeof doc !== 'object') return null;
    if (!made.has(doc)) made.set(doc, make(doc));
    return made.get(doc);
}

function readEpochs(history) {
    const epochs = [...list(history.epochs)].sort((a, b) => a.epoch - b.epoch);
    return epochs.map((e) => ({ ...e, at: new Map(list(e.members).map((m) => [m.slot, m])) }));
}

// Slots that were ever below FULL in these epochs.
export const everBelow = (epochs) =>
    once(epochs, () => {
        const slots = new Set();
        for (const e of epochs) for (const m of e.at.values()) if (m.score_bp < 10000) slots.add(m.slot);
        return slots;
    });

// Texts of the network: the code of a rule goes behind, arrows are arrows.
export function told(text, max = 600) {
    const t = clean(text, max).replace(/ -> /g, ' \u2192 '),
        rule = /^(.*?)\b(E[1-8]): (.*)$/.exec(t);
    return rule ? `${rule[1]}${rule[3]} (${rule[2]})` : t;
}

// The rule that moved integrity last, where it lowered it: what rose or stayed is no reason of a low score.
export const lowered = (reason) => (/^(rose|unchanged)\b/.test(reason || '') ? '' : reason || '');

// Of an event that stands for several occurrences.
export function happened(event, max) {
    const again = event.count > 1 ? ` (${event.count} times since epoch ${event.first_epoch})` : '';
    return told(event.text, max) + again;
}

// Words of our own begin a line in capitals; names of fields and nodes stay as they are.
export const capital = (text) => (/^[a-z]+[ ,]/.test(text) ? text[0].toUpperCase() + text.slice(1) : text);

// A vendor root as the policy calls it, where that is known.
export function rootName(model, id) {
    const root = list(model.docs.collateral?.roots).find((r) => r.root === id);
    return root && root.name ? clean(root.name, 32) : '';
}

// An operator as the genesis or a change calls it; older nodes do not say.
export function operatorName(model, id) {
    const node = model.nodes.find((n) => n.operator_id === id);
    return node?.operator ? clean(node.operator, 32) : '';
}

// A device of a node that passes in another node's evidence, too, as the queried node verified both.
export const sharedText = ({ shared_device: d }) =>
    `${clean(d.device, 80)} passed as a device of ${clean(d.other, 64)}, too, last in epoch ${d.last_epoch}: its reports are relayed between two machines, or its key is cloned`;

export const nameOf = (node) => (node ? clean(node.name || `slot ${node.slot}`, 64) : '\u2013');

export function findNode(model, which) {
    return (
        model.nodes.find((n) => n.name === which) ||
        model.nodes.find((n) => String(n.slot) === which) ||
        model.nodes.find((n) => n.node_id === which)
    );
}

// Members in service: not those that operators drained, nor newcomers that have not caught up yet.
export const serves = (n) => n.stage !== 'resting' && n.stage !== 'newcomer';
export const STAGES = { newcomer: 'newcomer' }; // what the condition does not say

export const worse = (n) => CONDITIONS.indexOf(conditionOf(n));

export function counts(nodes) {
    const result = Object.fromEntries(CONDITIONS.map((c) => [c, 0]));
    for (const n of nodes) if (conditionOf(n) in result) result[conditionOf(n)]++;
    return result;
}

// ------------------------------------------------------------ outcomes by verifier and subject

const LETTERS = {
    P: 'pass-up-to-date',
    H: 'pass-needs-hardening',
    O: 'pass-out-of-date',
    S: 'fail-soft',
    F: 'fail-hard',
    A: 'absent',
    U: 'unjudged',
};

// members[v].outcomes[s] is the letter of the outcome that v reported of s; false_votes are votes that a proof in the chain contradicts.
function readMatrix(doc) {
    if (!Array.isArray(doc.members) || doc.members.length === 0) return null;
    const bySlot = new Map(doc.members.map((m) => [m.slot, m]));
    const lies = new Map(list(doc.false_votes).map((l) => [l.verifier + '/' + l.subject, l]));
    return {
        epoch: doc.epoch,
        certified: doc.certified,
        members: doc.members,
        bySlot,
        lies,
        said: (v, s) => LETTERS[bySlot.get(v)?.outcomes?.[s]] || 'none',
        lied: (v, s) => lies.has(v + '/' + s),
    };
}

const sign = (outcome) =>
    outcome.startsWith('pass') ? 1 : outcome === 'absent' || outcome.startsWith('fail') ? -1 : 0;

// Of an epoch: the newest, or one that was asked for or came with a report. Null: not at hand.
export function matrixOf(model, epoch) {
    if (!epoch || String(model.matrix?.epoch) === epoch) return model.matrix;
    const doc = list(model.docs.matrices).find((m) => String(m.epoch) === epoch);
    return doc ? once(doc, readMatrix) : null;
}

// Epochs in which a member was convicted of a vote, newest first.
export const epochsOfLies = (model) => [
    ...new Set(
        [...model.events]
            .reverse()
            .filter((e) => e.event === 'offence_proven' && e.a === 5)
            .map((e) => e.b),
    ),
];

// What most weight says of each subject, abstentions left out. Slot -> outcome.
export function majorities(matrix) {
    const result = new Map();
    for (const subject of matrix.members) {
        const by = new Map();
        for (const voter of matrix.members) {
            if (voter.slot === subject.slot) continue;
            const outcome = matrix.said(voter.slot, subject.slot);
            if (outcome !== 'none') by.set(outcome, (by.get(outcome) || 0) + (voter.weight || 0) + 1e-6);
        }
        result.set(subject.slot, [...by].sort((a, b) => b[1] - a[1])[0]?.[0] || 'none');
    }
    return result;
}

// A voter that says the opposite of what most weight says. A silence is no dissent.
export const dissents = (outcome, most) =>
    sign(outcome) !== 0 && sign(most) !== 0 && sign(outcome) !== sign(most);

// ------------------------------------------------------------ the arithmetic of one tally (protocol 7.2, 7.3)

// row: a member in an epoch of the history; before: the same member an epoch earlier, or undefined.
export function tally(row, before, certified) {
    const P = row.positive_bp,
        N = row.negative_bp,
        W = row.electorate_bp;
    const steps = [];
    const add = (what, how, value) => steps.push({ what, how, value });
    add('Electorate W', 'weight of all members but those of its platform', W);
    add('For it, P', 'weight of the members that found that its evidence passes', P);
    add('Against it, N', 'weight of ABSENT and of proven FAIL', N);
    const lo = row.lo_bp,
        hi = row.hi_bp;
    const recorded = 'as the network recorded it: by P, N, W and the weight of the table (protocol 7.3)';
    add('Lower bound lo', recorded, lo);
    add('Upper bound hi', recorded, hi);
    if (!before) return { steps, lo, hi, expected: null, agrees: null };
    const A = before.availability_bp;
    const { rule, how, expected } = moveAvailability({ P, N, W, lo, hi, A, certified });
    add('Availability before', 'as the epoch before left it', A);
    add(rule, how, expected);
    add('Availability after', 'as the network recorded it', row.availability_bp);
    add('Integrity', row.reason || 'as recorded', row.integrity_bp);
    add(
        'Score',
        'the smaller of integrity and availability',
        Math.min(row.integrity_bp, row.availability_bp),
    );
    return {
        steps,
        lo,
        hi,
        expected,
        agrees:
            expected === row.availability_bp &&
            row.score_bp === Math.min(row.integrity_bp, row.availability_bp),
    };
}

function moveAvailability({ P, N, W, lo, hi, A, certified }) {
    if (!certified) return { rule: 'Held', how: 'the close is not certified: nothing moves', expected: A };
    if (!W) return { rule: 'Held', how: 'no other member may vote on it', expected: A };
    if (3 * (P + N) > 2 * W && A > hi) {
        const fall = Math.ceil((A - hi) / 4);
        return {
            rule: 'Falls',
            how: `3\u00b7(P + N) > 2\u00b7W and ${A} > hi: by a quarter of the way, \u2308(${A} \u2212 ${hi}) / 4\u2309 = ${fall}`,
            expected: A - fall,
        };
    }
    if (A < lo) return { rule: 'Rises', how: `${A} < lo: by 500, up to lo`, expected: Math.min(lo, A + 500) };
    return { rule: 'Held', how: 'it is at its bound already, or too few voted', expected: A };
}

// ------------------------------------------------------------ why this score: the steps that led there

export function historyOf(model, slot) {
    return model.epochs
        .map((e) => ({ epoch: e.epoch, certified: e.certified, row: e.at.get(slot) }))
        .filter((e) => e.row);
}

function cause(kind, entry, before, events) {
    const { row, epoch } = entry,
        value = row[kind + '_bp'],
        was = before.row[kind + '_bp'];
    const fell = events.find(
        (e) =>
            e.event === 'standing_changed' &&
            (e.epoch === epoch + 1 || e.epoch === epoch) &&
            e.text.includes('): '),
    );
    if (value > was)
        return kind === 'integrity' ? 'Attested and balloted' : 'Attested by enough of the others';
    if (fell) return capital(told(fell.text.slice(fell.text.indexOf('): ') + 3)));
    if (row.incarnation !== before.row.incarnation) return 'A new incarnation';
    return kind === 'integrity'
        ? capital(told(lowered(row.reason) || 'Lowered'))
        : 'Not attested: absent, or its evidence fails';
}

// kind: integrity or availability. Steps of one cause in a row are one; the oldest are folded into the start.
export function waterfall(model, slot, kind, max = 9) {
    const history = historyOf(model, slot),
        events = model.events.filter((e) => e.slot === slot);
    if (history.length === 0) return null;
    const first = history[0].row[kind + '_bp'];
    let steps = [];
    for (let i = 1; i < history.length; i++) {
        const from = history[i - 1].row[kind + '_bp'],
            to = history[i].row[kind + '_bp'];
        if (from === to) continue;
        const text = cause(kind, history[i], history[i - 1], events),
            last = steps[steps.length - 1];
        if (last && last.text === text && last.to > last.from === to > from) {
            last.to = to;
            last.until = history[i].epoch;
            last.times++;
        } else steps.push({ text, from, to, since: history[i].epoch, until: history[i].epoch, times: 1 });
    }
    const folded = Math.max(0, steps.length - max);
    const start = folded ? steps[folded].from : first;
    return {
        start,
        startEpoch: folded ? steps[folded].since - 1 : history[0].epoch,
        folded,
        steps: steps.slice(folded),
        end: history[history.length - 1].row[kind + '_bp'],
    };
}

// The causes of a run of falls, as the ledger has them: 'zero: its evidence fails hard' is told without its number.
function causesOf(model, fall) {
    const phrase = (cause) => told(cause?.text || '').replace(/^[^:]*: /, ''),
        first = fall.since_cause || fall.cause,
        one = first?.code === fall.cause?.code && first?.about === fall.cause?.about;
    return phrase(first) + (one ? '' : `, and in ${epochText(model, fall.epoch, fall.epoch_unix_ms)}: ${phrase(fall.cause)}`);
}

// What the newest fall of a node gives as its reason: the rule that failed, with what was expected and found.
export function fallDetail(model, node) {
    const fell = node.last_fall,
        near = (e) => !fell || (e.epoch >= fell.since_epoch && e.epoch <= fell.epoch + 1);
    const fall = model.events.findLast(
        (e) => e.slot === node.slot && e.event === 'standing_changed' && e.b > e.a && near(e),
    );
    return fall?.text.includes('): ') ? told(fall.text.slice(fall.text.indexOf('): ') + 3)) : '';
}

// 'expected a reference value' with the values that the policy accepts, as far as they are few.
function withAccepted(model, text) {
    const accepted = list(model.docs.policy?.references)
        .filter((r) => r.state === 'allowed')
        .map((r) => clean(`${r.field} ${r.value}`, 160));
    const said =
        accepted.length > 2 ? `one of ${accepted.length} reference values of the policy` : accepted.join(' or ');
    return said ? text.replace(/expected a reference value(?= *[,;.]|$)/, () => `expected ${said}`) : text;
}

// What moved a node below full, for one line. Texts of the network's own rules, or '' when nothing is against it.
export function against(model, node) {
    if (node.standing === 'FULL') return '';
    const detail = withAccepted(model, fallDetail(model, node));
    if (node.last_fall) return causesOf(model, node.last_fall) + (detail ? `: ${detail}` : '');
    if (detail) return detail;
    const proof = model.events.findLast(
        (e) => e.slot === node.slot && (e.event === 'fail_proven' || e.event === 'offence_proven'),
    );
    if (proof)
        return proof.event === 'fail_proven'
            ? 'its evidence was proven to fail'
            : told(proof.text.replace(/^.*?: /, ''));
    return withAccepted(model, told(node.last_reason || list(node.reasons)[0]?.text || lowered(node.reason)));
}

// Since when it is below full or away: { epoch, ms }, as the ledger says, else by events and numbers.
export function beganOf(model, node) {
    const fall = node.last_fall,
        condition = conditionOf(node);
    if (condition === 'OFFLINE') {
        const epoch = node.last_success_epoch ? node.last_success_epoch + 1 : 0;
        return { epoch, ms: beginOf(model, epoch) };
    }
    const drained = list(node.reasons).find((r) => r.code === 'drained' && r.epoch),
        epoch =
            condition === 'FULL'
                ? 0
                : condition === 'DRAINED'
                  ? drained?.epoch || node.stage_epoch || 0
                  : condition === 'MAINTENANCE'
                    ? node.maintenance_from || 0
                    : fall?.since_epoch || sinceEpoch(model, node);
    return { epoch, ms: (epoch === fall?.since_epoch && fall?.since_unix_ms) || beginOf(model, epoch) };
}

// The same as words; '' where it is not known.
export function sinceOf(model, node) {
    const { epoch, ms } = beganOf(model, node);
    return epoch ? epochText(model, epoch, ms) : '';
}

// Not reachable from the queried node: its evidence will not pass, whatever the forecast assumes.
export const isGone = (model, node) => node.present === false && node.slot !== model.status.slot;

// The way back: 'FULL in 73 epochs, about 18:40 UTC'. '' of a member that does not recover, or is gone.
export function wayBack(model, node) {
    const last = list(node.recovery?.steps).at(-1);
    return last && !isGone(model, node)
        ? `${clean(last.standing, 12)} in ${plural(last.epochs, 'epoch')}` +
              (last.at_unix_ms ? `, about ${minute(last.at_unix_ms, nowOf(model))}` : '')
        : '';
}

// Of members that no evidence is against: why they are where they are. '' of all others.
export function awayText(model, n) {
    const condition = conditionOf(n),
        last = n.last_success_epoch;
    if (condition === 'OFFLINE')
        return 'offline, ' + (last ? `last attested in ${epochText(model, last)}` : 'never attested');
    if (condition === 'MAINTENANCE')
        return (
            'in maintenance' +
            (n.maintenance_until ? ` until ${epochText(model, n.maintenance_until)}` : '')
        );
    if (condition !== 'DRAINED') return '';
    const drain = list(n.reasons).find((r) => r.code === 'drained' && r.epoch);
    return 'drained by the operators' + (drain ? ` since ${epochText(model, drain.epoch)}` : '');
}

export function sinceEpoch(model, node) {
    const left = [...model.events]
        .reverse()
        .find((e) => e.slot === node.slot && e.event === 'standing_changed' && e.a === 0);
    return left ? left.epoch : node.change_epoch || 0;
}

// ------------------------------------------------------------ what may still fail

// How many more faults neither stop the network nor end its safety; null: not known.
export function spareFaults(status) {
    const t = status.tolerance;
    return t ? Math.min(t.members_stop ?? Infinity, t.members_break ?? Infinity) : null;
}

// ------------------------------------------------------------ groups and what must fail together

export function groups(nodes, key) {
    const by = new Map();
    for (const n of nodes) {
        const id = n[key] || 'unknown';
        if (!by.has(id)) by.set(id, { id, nodes: [], weight: 0 });
        by.get(id).nodes.push(n);
        by.get(id).weight += n.weight || 0;
    }
    return [...by.values()].sort((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1));
}

// The fewest groups (heaviest first) whose weight is at least a third: enough to stop progress, and to lie.
export function fewest(list_, total) {
    let weight = 0,
        i = 0;
    while (i < list_.length && 3 * weight < total) weight += list_[i++].weight;
    return 3 * weight >= total && total > 0 ? list_.slice(0, i) : null;
}

// What is left when some fail. Progress: more than 2W/3 remain. Safety: they, lying, hold less than a third.
export function whatIf(nodes, failed) {
    const total = nodes.reduce((sum, n) => sum + (n.weight || 0), 0);
    const out = nodes.filter((n) => failed.has(n.slot)).reduce((sum, n) => sum + (n.weight || 0), 0);
    return { total, out, left: total - out, progress: 3 * (total - out) > 2 * total, safe: 3 * out < total };
}

// Median and ends of the scores of an epoch, for more lines than can be told apart.
export const spread = (epoch) =>
    once(epoch, () => {
        const scores = [...epoch.at.values()].map((m) => m.score_bp).sort((a, b) => a - b);
        const at = (q) => scores[Math.min(scores.length - 1, Math.floor(q * scores.length))];
        return { low: scores[0], p10: at(0.1), mid: at(0.5), high: scores[scores.length - 1] };
    });

export const describe = (n) =>
    `${nameOf(n)}: score ${percent(n.score_bp, 1)}, ${conditionOf(n).toLowerCase()}`;
