// evidence.js - what this node found when it verified the newest evidence of a member: proofs, certificates and
// collateral with their validity, TCB level, measurements next to what the policy accepts, reasons.
import { h } from './dom.js';
import { clean, date, plural, span } from './format.js';
import { capital, epochText, list, sharedText } from './model.js';
import { outcomeMark, outcomeOf } from './shapes.js';
import { code, empty, facts, ident, reasoned, table } from './parts.js';

// docs/evidence.md; what a node of a later version names besides is shown by its name.
const PROOFS = {
    quote_signature_ok: 'quote signed by its attestation key',
    qe_report_signature_ok: 'report of the quoting enclave signed by the PCK',
    ak_binding_ok: 'quoting enclave names the attestation key',
    chain_to_trusted_root_ok: 'certificates lead to a pinned root',
    report_signature_ok: 'report signed by the endorsement key',
    chain_ok: 'certificates lead to a pinned root',
    vek_tcb_matches_reported_tcb: 'endorsement key is of the reported TCB',
    chip_id_matches_vek_hwid: 'endorsement key is of this chip',
    cose_signature_ok: 'document signed by its certificate',
    tpm_signature_ok: 'quote signed by the attestation key of the TPM',
    pcr_digest_ok: 'values of PCRs make the quoted digest',
    ek_chain_ok: 'endorsement certificate leads to a pinned root',
    ak_bound_ok: 'attestation key is in the certified TPM',
    hardware_report_data_binds_runtime_data: 'hardware report binds the runtime data',
    runtime_data_names_ak: 'runtime data names the attestation key',
    platform_token_signature_ok: 'platform token signed',
    realm_token_signature_ok: 'realm token signed',
    realm_binding_ok: "platform token names the realm's key",
};
const STATES = {
    allowed: ['match', 'allowed'],
    free: ['free', 'no rule'],
    retiring: ['free', 'being retired'],
    svn: ['differs', 'security version too low'],
    unknown: ['differs', 'not accepted'],
    denied: ['differs', 'denied'],
};
const verdict = (state, text) => h('span', { class: 'verdict v-' + state }, text);
const day = (text) => date(Date.parse(text));

function proofs(v) {
    return h(
        'ul',
        { class: 'proofs', 'aria-label': 'Proofs' },
        list(v.proofs).map((p) =>
            h(
                'li',
                { key: p.name },
                verdict(
                    p.state === 'true' ? 'match' : p.state === 'false' ? 'differs' : 'free',
                    { true: 'proven', false: 'fails' }[p.state] || 'open',
                ),
                ' ',
                Object.hasOwn(PROOFS, p.name) ? PROOFS[p.name] : clean(p.name, 60),
            ),
        ),
    );
}

// Of a certificate or a document at the time of the appraisal, and how long it still lasts.
function stateOf(w, at) {
    const left = Date.parse(w.until) - at;
    if (!(Date.parse(w.from) <= at)) return verdict('differs', 'not yet valid');
    if (!(left >= 0)) return verdict('differs', 'expired');
    const text = `valid, ${span(left)} left`;
    return left < 3 * 86400000 ? h('span', { class: 'verdict e-warn' }, text) : verdict('match', text);
}

const chain = (v) =>
    table(
        'Certificates and collateral',
        [
            ['Certificate or document', (w) => h('bdi', {}, clean(w.name, 80)), 'name'],
            ['Kind', (w) => (w.certificate ? 'certificate' : 'collateral')],
            ['Valid from', (w) => day(w.from)],
            ['Until', (w) => day(w.until)],
            ['', (w) => stateOf(w, Date.parse(v.at)), 'name'],
        ],
        list(v.validity).map((w, i) => ({ ...w, key: i })),
        (w) => w.key,
        'stacks',
    );

// Reference values of a field that the policy accepts, each whole.
export const acceptedOf = (model, field) =>
    list(model.docs.policy?.references).filter((r) => r.field === field && r.state !== 'denied');

const accepted = (model, field) => {
    const values = acceptedOf(model, field);
    return values.length
        ? h(
              'ul',
              { class: 'accepts' },
              values.map((r) =>
                  h(
                      'li',
                      { key: r.value },
                      ident(r.value, `an accepted value of ${clean(field, 30)}`),
                      r.state === 'retiring' && h('span', { class: 'muted' }, ' being retired'),
                  ),
              ),
          )
        : h('span', { class: 'muted' }, model.docs.policy ? 'anything' : 'the policy is not at hand');
};

const measurements = (model, v) =>
    table(
        'Measurements and reference values',
        [
            ['Field', (m) => clean(m.field, 30), 'name'],
            ['Evidence', (m) => ident(m.value, `the measured ${clean(m.field, 30)}`)],
            ['Policy accepts', (m) => accepted(model, m.field)],
            ['', (m) => verdict(...(Object.hasOwn(STATES, m.state) ? STATES[m.state] : ['free', clean(m.state, 20)])), 'name'],
        ],
        list(v.measurements).map((m, i) => ({ ...m, key: i })),
        (m) => m.key,
        'stacks',
    );

const reasons = (model, v) =>
    list(v.reasons).length > 0 &&
    h(
        'ul',
        { class: 'reasons' },
        v.reasons.map((r, i) =>
            h(
                'li',
                { key: i },
                h('b', {}, capital(clean(r.text))),
                r.observed && h('span', {}, '. Found ', ident(r.observed, 'what was found')),
                r.expected && h('span', {}, ', expected ', h('bdi', {}, clean(r.expected, 120))),
                r.rule === 'measurement-unknown' &&
                    list(v.measurements)
                        .filter((m) => m.state === 'unknown' && m.value === r.observed)
                        .map((m) => h('span', { key: m.field }, ': ', accepted(model, m.field))),
                r.fix && h('p', { class: 'muted' }, h('bdi', {}, capital(clean(r.fix, 300)))),
            ),
        ),
    );

const advisories = (ids) =>
    list(ids).length
        ? h('span', { class: 'advisories' }, ids.map((a) => clean(a, 24)).join(', '))
        : 'none open';

function summary(model, e) {
    const v = e.verdict;
    return facts([
        ['Evidence', `${capital(clean(v.what || v.kind))}, ${plural(e.length, 'byte')}`],
        ['Of', epochText(model, e.epoch)],
        ['Digest', ident(e.digest, 'the digest of the evidence')],
        ['Verdict', h('span', { class: 'said' }, outcomeMark(v.outcome), outcomeOf(v.outcome).word)],
        ['Genuine', v.genuine === null ? 'not known' : v.genuine ? 'yes' : 'no', v.insecure ? 'profile development: proves nothing about hardware' : ''],
        ['Debug mode', v.debug === null ? 'not known' : v.debug ? 'yes' : 'no'],
        ['TCB level', v.tcb_status ? clean(v.tcb_status, 50) : 'none computed', v.tcb_date ? 'of ' + day(v.tcb_date).slice(0, 10) : ''],
        v.tcb_now && ['TCB level of the module that runs', clean(v.tcb_now.status, 50)],
        ['Advisories', advisories(v.advisory_ids)],
        ['Holds until', v.expires ? day(v.expires) : 'no end', v.expires_first ? h('bdi', {}, `first to expire: ${clean(v.expires_first, 100)}`) : ''],
        v.platform_id && ['Platform', ident(v.platform_id, 'the id of the platform')],
        v.instance && ['Instance', ident(v.instance, 'the id of the instance')],
    ]);
}

// GPUs and switches, numbered by kind as reasons name them; what is against one is that with its name before it.
const KINDS = { 'nvidia-gpu': 'GPU', 'nvidia-switch': 'switch' };

function deviceReason(v, d) {
    const found = list(v.reasons).find((r) => r.rule === d.rule && String(r.observed).startsWith(String(d.name)));
    if (!found) return d.rule ? clean(d.rule, 60) : '';
    const observed = String(found.observed).slice(String(d.name).length).replace(/^[:,]? */, '');
    return h(
        'span',
        {},
        capital(clean(found.text)),
        observed && [', found ', reasoned(clean(observed, 200))],
        found.expected && [', expected ', reasoned(clean(found.expected, 200))],
    );
}

// Certificates, OCSP responses and manifests that its own verdict rests on.
const expiryOf = (v, d) =>
    d.expires
        ? h('span', {}, h('bdi', {}, clean(d.expires_first, 64)), `, ${day(d.expires)}: `, stateOf({ from: v.at, until: d.expires }, Date.parse(v.at)))
        : 'nothing expires';

// As this node verified both members: no statement of the ledger.
const sharedNote = (node) =>
    node?.shared_device &&
    h('p', { class: 'e-warn' }, 'A device of two members: ', h('bdi', {}, sharedText(node)), '. Find out which machine has it, and drain the other one.');

const TIERS = { affirming: ['match', 'affirming'], warning: ['free', 'warning'], contraindicated: ['differs', 'contraindicated'] };

function devices(v) {
    const rows = list(v.devices).map((d, i, all) => ({
        ...d,
        key: i,
        index: all.slice(0, i).filter((other) => other.kind === d.kind).length,
    }));
    return table(
        'Devices',
        [
            ['Device', (d) => `${Object.hasOwn(KINDS, d.kind) ? KINDS[d.kind] : clean(d.kind, 20)} ${d.index}`, 'name'],
            ['Product', (d) => clean(d.product || '', 30)],
            ['Driver', (d) => clean(d.driver || '', 40), 'when'],
            ['VBIOS or firmware', (d) => clean(d.firmware || '', 40), 'when'],
            ['Serial number', (d) => ident(d.serial, `the serial number of ${clean(d.name, 40)}`)],
            ['Mode', (d) => clean(d.mode || '', 20), 'when'],
            ['First to expire', (d) => expiryOf(v, d)],
            ['Verdict', (d) => verdict(...(Object.hasOwn(TIERS, d.tier) ? TIERS[d.tier] : ['free', clean(d.tier, 20)])), 'name'],
            ['Reason', (d) => deviceReason(v, d)],
        ],
        rows,
        (d) => d.key,
        'stacks',
    );
}

// e: document `evidence` of a node, or undefined while it is on its way.
export function verified(model, e) {
    if (!e) return empty('Requested of the node \u2026');
    if (!e.verdict)
        return e.own
            ? empty(
                  'A node does not verify its own evidence: its peers do.',
                  'Open this view on another node. What the others found is in their votes.',
              )
            : empty('This node has verified no evidence of it since its start.');
    const v = e.verdict;
    return [
        summary(model, e),
        h('h3', {}, 'Proofs'),
        proofs(v),
        reasons(model, v),
        sharedNote(model.bySlot.get(e.slot)),
        list(v.devices).length > 0 && [h('h3', {}, 'GPUs and switches'), devices(v)],
        h('h3', {}, 'Certificates and collateral'),
        list(v.validity).length ? chain(v) : empty('It rests on no certificate.'),
        h('h3', {}, 'Measurements next to the policy'),
        list(v.measurements).length ? measurements(model, v) : empty('It has no measurement that was read.'),
        h(
            'p',
            { class: 'note' },
            'Event logs do not travel with the evidence of a network: registers are compared as they were quoted. ',
            code('assay evidence verify FILE --event-log LOG'),
            ' replays a log.',
        ),
    ];
}
