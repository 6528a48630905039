// past.js - the documents of a network as they were when an epoch closed, made of what a node retains: scores of
// closed epochs, votes, events. Pure. What is not retained is left out: nothing of now is shown as of then.
import { list } from './model.js';

// Events about rules, collateral or members: after them the policy of now is not that of then.
const RULES = ['change_active', 'change_ended', 'collateral_active', 'collateral_reverted', 'era_recovered'];

// Epochs that can be shown, ascending.
export const storedOf = (docs) => list(docs.history?.epochs).map((e) => e.epoch).sort((a, b) => a - b);

// Events of then, as far as they were known at the close: one that repeated later is its first occurrence.
const eventsUntil = (docs, epoch) =>
    list(docs.timeline?.events)
        .filter((e) => (e.first_epoch || e.epoch) <= epoch + 1)
        .map((e) =>
            e.epoch > epoch + 1
                ? { ...e, epoch: e.first_epoch, at_unix_ms: e.first_unix_ms, seq: e.first_seq, count: 1 }
                : e,
        )
        .sort((a, b) => a.seq - b.seq);

// Events after this epoch that changed the rules; null where events of then are not retained any more.
export function ruleEvents(docs, after, until = Infinity) {
    const events = list(docs.timeline?.events),
        found = events.filter((e) => RULES.includes(e.event) && e.epoch > after + 1 && e.epoch <= until + 1);
    const whole = events.length > 0 && Math.min(...events.map((e) => e.first_epoch || e.epoch)) <= after + 1;
    return whole || found.length ? { events: found, whole } : null;
}

// Attested: members that found its evidence good are more than a third of those that may vote on it.
const attested = (row) => 3 * row.positive_bp > row.electorate_bp;

// The last epoch until then in which it was attested, by the rows that are stored; 0: in none of them.
function lastSuccess(epochs, slot) {
    const found = epochs.findLast((e) => e.certified && e.members.some((m) => m.slot === slot && attested(m)));
    return found ? found.epoch : 0;
}

// The fall that was the last one then: of a later one only how its run began.
function fallThen(fall, epoch) {
    if (!fall || fall.since_epoch > epoch) return null;
    if (fall.epoch <= epoch) return fall;
    return { ...fall, epoch: fall.since_epoch, epoch_unix_ms: fall.since_unix_ms, cause: fall.since_cause };
}

function nodeThen(node, row, epochs, epoch) {
    const fall = fallThen(node.last_fall, epoch),
        since = list(node.reasons).find((r) => r.code === 'drained')?.epoch || node.stage_epoch,
        drained = node.stage === 'resting' && since > 0 && since <= epoch + 1;
    return {
        slot: row.slot,
        name: row.name,
        node_id: node.node_id,
        operator: node.operator,
        operator_id: node.operator_id,
        vendor_root: node.vendor_root,
        ...row,
        condition: drained ? 'DRAINED' : row.standing,
        stage: drained ? 'resting' : 'member',
        reasons: row.standing === 'FULL' ? [] : [{ code: row.integrity_rule, text: row.reason }],
        last_fall: row.standing === 'FULL' ? null : fall,
        last_reason: fall && node.last_fall.epoch <= epoch && row.standing !== 'FULL' ? node.last_reason : '',
        recovery: null,
        last_success_epoch: lastSuccess(epochs, row.slot),
    };
}

// When the epoch closed: by its event, else unknown.
const closedAt = (docs, epoch) =>
    list(docs.timeline?.events).find((e) => e.event === 'epoch_closed' && e.a === epoch)?.at_unix_ms || 0;

// The documents when the epoch closed, or null: it is not stored.
export function pastOf(docs, epoch) {
    const epochs = list(docs.history?.epochs)
        .filter((e) => e.epoch <= epoch)
        .sort((a, b) => a.epoch - b.epoch);
    const last = epochs.at(-1);
    if (!last || last.epoch !== epoch) return null;
    const known = new Map(list(docs.nodes?.nodes).map((n) => [n.slot, n])),
        now = docs.status || {},
        rules = ruleEvents(docs, epoch),
        same = rules && rules.whole && rules.events.length === 0;
    return {
        status: {
            chain_id: now.chain_id,
            slot: now.slot,
            node_id: now.node_id,
            insecure: now.insecure,
            insecure_settings: now.insecure_settings,
            epoch: epoch + 1,
            epoch_ms: now.epoch_ms,
            epoch_t0_ms:
                closedAt(docs, epoch) || (now.epoch_t0_ms || NaN) - (now.epoch - epoch - 1) * (now.epoch_ms || NaN),
            certified: last.certified,
            certified_epoch: epochs.findLast((e) => e.certified)?.epoch || 0,
            member_count: last.members.length,
            total_weight: last.members.reduce((sum, m) => sum + (m.weight || 0), 0),
        },
        nodes: {
            nodes: last.members.map((row) => nodeThen(known.get(row.slot) || {}, row, epochs, epoch)),
        },
        history: { ...docs.history, epochs },
        timeline: { ...docs.timeline, events: eventsUntil(docs, epoch) },
        matrix:
            docs.matrix?.epoch === epoch ? docs.matrix : list(docs.matrices).find((m) => m.epoch === epoch),
        matrices: list(docs.matrices).filter((m) => m.epoch <= epoch),
        policy: same ? docs.policy : undefined,
        collateral: same ? docs.collateral : undefined,
    };
}
