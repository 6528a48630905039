// ear_peer.js TOKEN KEY - an attestation result checked by Node.js alone: signature, claims as
// draft-ietf-rats-ear section 3 demands them, no trust above the worst claim.
'use strict';
const crypto = require('crypto'), fs = require('fs');
const [header, claims, signature] = fs.readFileSync(process.argv[2], 'utf8').trim().split('.');
const bytes = fs.readFileSync(process.argv[3]);
const text = bytes.toString('latin1').match(/[0-9a-f]{128}/);
const half = n => Buffer.from(text[0], 'hex').subarray(32 * n, 32 * n + 32).toString('base64url');
const key = text
    ? crypto.createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: half(0), y: half(1) }, format: 'jwk' })
    : crypto.createPublicKey({ key: bytes, format: 'der', type: 'spki' });
const fail = what => { console.log('not verified: ' + what); process.exit(1); };
const read = part => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

const head = read(header);
if (head.alg !== 'ES256') fail('algorithm');
const jwk = key.export({ format: 'jwk' });
const thumbprint = crypto.createHash('sha256')
    .update(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })).digest('base64url');
if (!crypto.verify('sha256', Buffer.from(header + '.' + claims),
    { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) fail('signature');
if (head.kid !== thumbprint) fail('kid');

const ear = read(claims), old = ear.eat_profile === 'tag:github.com,2023:veraison/ear';
if (!old && ear.eat_profile !== 'tag:ietf.org,2026:rats/ear#04') fail('profile');
if (!old && head.typ !== 'eat+jwt') fail('media type');
const name = (now, then) => (old ? then : now);
const verifier = ear[name('ear_verifier_id', 'ear.verifier-id')];
if (!Number.isInteger(ear.iat) || ('exp' in ear && !Number.isInteger(ear.exp))) fail('times');
if (typeof verifier.developer !== 'string' || typeof verifier.build !== 'string') fail('verifier');
const tier = v => [0, 1, -1].includes(v) ? 0 : v >= -32 && v <= 31 ? 1 : v >= -96 && v <= 95 ? 2 : 3;
const tiers = ['none', 'affirming', 'warning', 'contraindicated'];
for (const [label, appraisal] of Object.entries(ear.submods)) {
    const status = tiers.indexOf(appraisal[name('ear_status', 'ear.status')]);
    const vector = appraisal[name('ear_trustworthiness_vector', 'ear.trustworthiness-vector')];
    const ids = appraisal[name('ear_appraisal_policy_ids', 'ear.appraisal-policy-id')];
    const worst = Math.max(...Object.values(vector).map(tier));
    if (status < 0 || status < worst) fail('status');
    if (Object.keys(vector).length !== 8) fail('vector');
    if (old ? typeof ids !== 'string' : !Array.isArray(ids) || ids.length < 1) fail('policy ids');
    console.log('verified ' + label + ' ' + tiers[status]);
}
if (Object.keys(ear.submods).length < 1) fail('submods');
