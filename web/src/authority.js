// authority.js - the certificate authority of the network in one tile, and the workload keys of a member.
import { h } from './dom.js';
import { clean, count, plural, span } from './format.js';
import { epochText } from './model.js';
import { empty, facts, ident, stat, table } from './parts.js';

const STATES = {
    none: 'no key yet',
    making: 'its key is being generated',
    active: 'active',
    few: 'few holders',
    too_few: 'too few holders',
    lost: 'key lost',
};
const PURPOSES = { tls: 'TLS', holder: 'holder of shares', token: 'tokens', ssh: 'SSH' };
const STALE_EPOCHS = 3; // protocol.md 2.16.6: keys are active so long after the evidence that bound them

// `active` is null where the queried node cannot decide.
const stateOf = (k) =>
    h(
        'span',
        { class: 'chip ' + (k.active ? 'l-live' : 'warn') },
        k.active === null ? 'unknown' : k.active ? 'active' : 'not active',
    );
const reasonOf = (k) => {
    if (!k.active) return clean(k.reason_text, 200);
    return k.granted ? 'of the service that operators granted' : '';
};
const of = (words, key) => (Object.hasOwn(words, key) ? words[key] : clean(key, 24));

// The certificate is of the node that answers, and may be missing there.
function expiry(authority, now) {
    if (!authority) return '';
    const certificate = authority.certificate;
    if (!certificate) return authority.ca_number > 0 ? 'this node does not have its certificate' : '';
    const left = certificate.not_after_ms - now;
    return left > 0 ? `its certificate expires in ${span(left)}` : 'its certificate has expired';
}

// What the network signs with. key: `identity` of the document of services. null: it has no authority.
export function authorityTile(ctx) {
    const { services, authority } = ctx.model.docs,
        key = services?.identity;
    if (!key) return null;
    const live = key.ca_number > 0 && `${count(key.live)} of ${count(key.indices)} shares live`;
    const note = [live, !ctx.past && expiry(authority, ctx.link.at || Date.now())].filter(Boolean).join('; ');
    return stat('Certificate authority', of(STATES, key.state), note);
}

// keys: document `keys` of a node, or undefined while it is on its way.
export function workloadKeys(model, keys) {
    if (!keys) return empty('Requested of the node \u2026');
    const list = Array.isArray(keys.keys) ? keys.keys : [];
    if (list.length === 0) return empty('No program of it has registered a key.');
    const until = keys.keys_epoch === null ? 0 : keys.keys_epoch + STALE_EPOCHS;
    return [
        table(
            'Workload keys',
            [
                ['Name', (k) => clean(k.name, 63), 'name'],
                ['Purpose', (k) => of(PURPOSES, k.purpose)],
                ['State', stateOf],
                ['Reason', reasonOf],
                ['Until', (k) => (k.certified && until > 0 ? epochText(model, until) : '\u2013'), 'when'],
                ['SHA-256 of the key', (k) => ident(k.spki_sha256, `the digest of the key ${clean(k.name, 63)}`)],
            ],
            list,
            (k) => `${k.purpose} ${k.name} ${k.spki_sha256}`,
            'stacks',
        ),
        h(
            'p',
            { class: 'note' },
            `${plural(list.length, 'key')}. Newer evidence of the member that binds a key puts off its end; `,
            'certificates of it end by their own expiry.',
        ),
        keys.node_id_base32 && facts([['In certificates', ident(keys.node_id_base32, 'the id of the node in base32')]]),
    ];
}
