// alertrules.js - the conditions of docs/monitoring/alerts.yml, as far as one node's documents show them: which hold, since
// when, and which have ended. Pure, but for what it remembers in the caller's memory.
import { plural, span } from './format.js';
import { beganOf, beginOf, conditionOf, list, nameOf, nowOf, serves, sharedText, spareFaults } from './model.js';

const MINUTE = 60000,
    DAY = 24 * 60 * MINUTE,
    ENDED_MAX = 100;

const withStanding = (model, ...conditions) =>
    model.nodes
        .filter((n) => serves(n) && conditions.includes(conditionOf(n)))
        .map((n) => ({ node: n, since: beganOf(model, n).ms }));
// A member that joined or was undrained climbs from zero: it did not fall.
const suspended = (model) => withStanding(model, 'SUSPENDED').filter(({ node }) => node.last_fall);
const here = (model) => model.bySlot.get(model.status.slot);
const one = (holds, text, since = NaN) => (holds ? [{ text, since }] : []);
const quiet = (list_, text) =>
    list(list_).map((m) => ({ key: m.slot, text: `${nameOf(m)}: ${text}`, since: NaN }));

function ofCollateral(model, ended) {
    const now = nowOf(model);
    return list(model.docs.collateral?.roots)
        .map((r) => ({ root: r, until: Date.parse(r.until) }))
        .filter(({ until }) => (ended ? until < now : until >= now && until - now < 3 * DAY))
        .map(({ root, until }) => ({
            key: root.root,
            text: `Collateral of ${root.name || root.root} ${ended ? 'has expired' : `expires in ${span(until - now)}`}`,
            since: ended ? until : until - 3 * DAY,
        }));
}

// Share of the votes that differ from the majority, as in `assay_vote_disagreement_ratio`.
function disagreement(model) {
    let said = 0,
        against = 0;
    for (const v of model.matrix?.members || [])
        for (const s of model.matrix.members) {
            const outcome = model.matrix.said(v.slot, s.slot);
            if (outcome === 'none') continue;
            said++;
            if (outcome.startsWith('pass') !== s.positive_bp > s.negative_bp + s.unjudged_bp) against++;
        }
    return said ? against / said : 0;
}

function heldSince(model) {
    const last = model.epochs.findLast((e) => e.certified);
    return last ? beginOf(model, last.epoch + 2) : NaN;
}

function oldEvidence(model) {
    const own = here(model),
        { epoch, epoch_ms: length } = model.status;
    if (!own || !serves(own) || !(epoch - own.last_success_epoch > 3)) return [];
    return [{ text: `Own evidence was last certified ${plural(epoch - own.last_success_epoch, 'epoch')} ago`, since: beginOf(model, own.last_success_epoch + 4) || length }];
}

// Both members of a pair have a row, each with the name of the device in its own evidence.
const sharedDevices = (model) =>
    model.nodes
        .filter((n) => n.shared_device)
        .map((n) => ({ node: n, text: sharedText(n), since: beginOf(model, n.shared_device.first_epoch) }));

const inPhase = (model, phase, text) =>
    list(model.services?.groups)
        .filter((g) => g.phase === phase)
        .map((g) => ({ key: g.number, text: `Group ${g.name || g.number} ${text}`, since: NaN }));

const keyState = (model, states, text) => one(states.includes(model.services?.identity?.state), text);

// name, severity, runbook, how long it holds before it is an alert, what it is of this model: rows { key or node, text,
// since }, since NaN where documents do not say. Names, severities, runbooks and times are those of alerts.yml.
export const ALERTS = [
    ['AssayMemberSuspended', 'critical', 'mass-suspension', 1, suspended],
    ['AssayScoreLow', 'warning', 'mass-suspension', 1, (m) => withStanding(m, 'WARNING', 'RESTRICTED')],
    ['AssayMemberOffline', 'warning', 'README', 1, (m) => (m.status.closing?.progress ? withStanding(m, 'OFFLINE') : [])],
    [
        'AssayMassSuspension',
        'critical',
        'mass-suspension',
        0,
        (m) => {
            const [fell, all] = [suspended(m).length, m.nodes.filter(serves).length];
            return one(fell > 0.2 * all, `${fell} of ${all} members are suspended`);
        },
    ],
    ['AssayEvidenceOld', 'critical', 'README', 1, oldEvidence],
    ['AssayEnclaveDown', 'critical', 'README', 1, (m) => one(m.status.enclave?.pid === 0, 'The enclave of this node does not run')],
    ['AssayBehind', 'warning', 'README', 10, (m) => one(m.status.behind || m.status.voting === false, 'This node fetches blocks, or does not vote')],
    ['AssayClockOff', 'critical', 'clocks', 1, ({ status: { clock } }) => one(clock?.off, `The date of this machine differs by ${span(clock?.ahead_ms)}`)],
    [
        'AssayClockDrifts',
        'warning',
        'clocks',
        10,
        ({ status: { clock } }) => one(clock?.known && Math.abs(clock.ahead_ms) > 0.5 * clock.bound_ms, `The date of this machine is ${span(clock?.ahead_ms)} from the others`),
    ],
    ['AssayInsecure', 'info', 'README', 0, (m) => one(m.status.insecure || list(m.status.insecure_settings).length, 'Profile development, or a setting that is not for production')],
    ['AssayServiceIdle', 'warning', 'README', 5, ({ services }) => one(services?.programs?.connected > services?.programs?.following, 'A program is connected and subscribes to nothing')],
    ['AssayNothingFinal', 'critical', 'quorum-loss', 1, ({ status: s }) => one(s.head_age_ms > 3 * s.epoch_ms, `Nothing became final for ${span(s.head_age_ms)}`, s.head_time_ms)],
    ['AssayNoQuorum', 'critical', 'quorum-loss', 1, (m) => one(m.status.closing?.progress === false, 'Too little weight is reachable')],
    ['AssayNoMargin', 'warning', 'quorum-loss', 1, (m) => one(spareFaults(m.status) === 0, 'One more failure stops the network or ends its safety')],
    ['AssayEpochsHeld', 'warning', 'README', 5, (m) => one(m.status.certified === false && m.epochs.length > 0, 'Epochs close without enough ballots', heldSince(m))],
    ['AssayVotesLost', 'warning', 'README', 1, (m) => quiet(m.status.votes_lost, 'its votes do not count')],
    ['AssayQuietFloor', 'critical', 'README', 1, (m) => quiet(m.status.votes_retained, 'its votes still count, to keep the floor')],
    ['AssayDeviceShared', 'critical', 'key-compromise', 0, sharedDevices],
    ['AssayCollateralEnds', 'warning', 'collateral-outage', 10, (m) => ofCollateral(m, false)],
    ['AssayCollateralEnded', 'critical', 'collateral-outage', 0, (m) => ofCollateral(m, true)],
    ['AssayDisagreement', 'warning', 'README', 5, (m) => one(disagreement(m) > 0.05, 'Members disagree about the same evidence')],
    [
        'AssayFalseVoteProven',
        'warning',
        'README',
        0,
        (m) =>
            m.events
                .filter((e) => e.event === 'offence_proven' && e.a === 5 && nowOf(m) - e.at_unix_ms < 15 * MINUTE)
                .map((e) => ({ key: e.first_seq, node: m.bySlot.get(e.slot), since: e.first_unix_ms })),
    ],
    ['AssayGroupGone', 'critical', 'group-gone', 0, (m) => inPhase(m, 'gone', 'lost more memories than it tolerates')],
    ['AssayGroupChanging', 'warning', 'group-gone', 15, (m) => inPhase(m, 'changing', 'has a next view that does not begin')],
    ['AssayGroupKeyUnable', 'critical', 'group-key', 1, (m) => keyState(m, ['too_few', 'lost'], 'Holders cannot sign: certificates and tokens are not renewed')],
    ['AssayGroupKeyFew', 'warning', 'group-key', 15, (m) => keyState(m, ['few'], 'Few shares of the group key are live')],
    ['AssaySharesAlarm', 'critical', 'shares-alarm', 5, (m) => one(list(m.services?.shares?.clusters).some((c) => c.alarm), 'A cluster of shares cannot replace a slot')],
];
const SEVERITIES = ['critical', 'warning', 'info'];

// What holds in this model; those that do not hold long enough yet are marked. now: Unix ms; memory: Map of what was
// seen before, or null to remember nothing.
export function active(model, now, memory) {
    if (model.nodes.length === 0) return [];
    const rows = ALERTS.flatMap(([name, severity, runbook, minutes, find]) =>
        find(model).map((found) => {
            const key = `${name}/${found.node?.slot ?? found.key ?? ''}`,
                seen = memory?.get(key);
            const since = found.since > 0 ? found.since : (seen?.since ?? (memory ? now : NaN));
            return {
                key,
                name,
                severity,
                runbook,
                node: found.node,
                text: found.text || '',
                since,
                observed: !(found.since > 0), // since when this page has seen it
                pending: now - since < minutes * MINUTE,
            };
        }),
    );
    if (memory) remember(memory, rows, now);
    return rows.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.since - b.since);
}

// What was seen and does not hold any more has ended now.
function remember(memory, rows, now) {
    const held = new Set(rows.map((r) => r.key)),
        ended = memory.get('') || [];
    for (const [key, row] of memory)
        if (key && !held.has(key)) {
            memory.delete(key);
            if (!row.pending) ended.unshift({ ...row, until: now });
        }
    for (const row of rows) memory.set(row.key, row);
    memory.set('', ended.slice(0, ENDED_MAX));
}

const LOW = { SUSPENDED: 'AssayMemberSuspended', RESTRICTED: 'AssayScoreLow', WARNING: 'AssayScoreLow' };

// What ended: of scores and held epochs by the ledger, so far as it is stored; of the rest by the page, while it is open.
export function ended(model, memory) {
    const found = [],
        row = (name) => ALERTS.find((a) => a[0] === name);
    const close = (name, node, from, epoch) =>
        found.push({
            key: `${name}/${node ? node.slot : ''}/${from}`,
            name,
            severity: row(name)[1],
            runbook: row(name)[2],
            node,
            text: node ? '' : 'Epochs closed without enough ballots',
            since: beginOf(model, from + 1),
            until: beginOf(model, epoch + 1),
            epochs: epoch - from,
        });
    const open = new Map();
    for (const e of model.epochs) {
        const states = [['', e.certified ? '' : 'AssayEpochsHeld', undefined]];
        for (const m of e.at.values()) states.push([m.slot, Object.hasOwn(LOW, m.standing) ? LOW[m.standing] : '', model.bySlot.get(m.slot)]);
        for (const [slot, name, node] of states) {
            const before = open.get(slot);
            if (before?.name === name) continue;
            if (before?.name && (node || slot === '')) close(before.name, node, before.from, e.epoch);
            open.set(slot, { name, from: e.epoch });
        }
    }
    const byLedger = ['AssayMemberSuspended', 'AssayScoreLow', 'AssayEpochsHeld'];
    const seen = (memory?.get('') || []).filter((r) => !byLedger.includes(r.name));
    return [...found, ...seen].sort((a, b) => b.until - a.until).slice(0, ENDED_MAX);
}
