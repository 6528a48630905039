/*
 * quote/pieces/assemble.c - selection of the recognised pieces that the evidence needs
 * (assemble.h).
 */
#include "quote/pieces/assemble.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/kinds.h"
#include "quote/nvidia/nvidia.h"
#include "quote/package.h"
#include "quote/tpm_format.h"

enum {
    HCL_REPORT = 32, /* of the hardware report in a paravisor's blob (evidence-rules.md 5.1) */
    SNP_REPORT_LEN = 1184,
    SNP_CHIP_ID = 0x1a0, /* evidence-rules.md 3.1 */
};

/* What a kind leaves to other files. */
struct wants {
    bool certificates, attest, tpm, quote;
};

static struct wants wants_of(enum assay_evidence_kind kind)
{
    struct wants wants = { 0 };
    struct assay_kind row;
    if (assay_kind_find(kind, &row) != ASSAY_OK) return wants;
    /* Intel's certificates come with the collateral. */
    const bool own = (ASSAY_KINDS_DCAP & ASSAY_KIND_BIT(kind)) == 0;
    wants.certificates = own && (row.pieces & ASSAY_PIECE_CERTIFICATES) != 0;
    wants.attest = (row.pieces & ASSAY_PIECE_HARDWARE) != 0;
    wants.tpm = (row.pieces & ASSAY_PIECE_SIGNATURE) != 0;
    wants.quote = (row.pieces & ASSAY_PIECE_QUOTE) != 0;
    return wants;
}

/* What is being put together. */
struct work {
    const struct assay_recognised *pieces;
    const bool *leads; /* of the pieces: certificates to a root; NULL where no root is known */
    size_t count;
    bool *is_taken;
    struct assay_assembly *out;
};

static void mark_used(const struct work *w, const struct assay_recognised *piece)
{
    ASSAY_ASSERT(piece >= w->pieces && piece < w->pieces + w->count);
    if (w->is_taken != NULL) w->is_taken[piece - w->pieces] = true;
}

/* The certificates that lead to a root, then the others: any of these may be a copy of one, and
 * there is room for few. */
static bool is_in_turn(const struct work *w, size_t index, bool leading)
{
    ASSAY_ASSERT(index < w->count);
    const struct assay_recognised *const it = &w->pieces[index];
    if (it->shape != ASSAY_SHAPE_CERTIFICATE || it->status != ASSAY_OK) return false;
    return (w->leads != NULL && w->leads[index]) == leading;
}

/* Of one shape: a usable one, or an unusable one, so that the verdict has the reason. */
static const struct assay_recognised *find_first(const struct work *w, enum assay_shape shape,
                                                 bool is_fit)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct assay_recognised *const it = &w->pieces[i];
        if (it->shape == shape && (it->status == ASSAY_OK) == is_fit) return it;
    }
    return NULL;
}

/* The chip of the hardware report, for the choice among the endorsement keys of many. */
static struct assay_slice chip_of(const struct assay_package *p)
{
    const struct assay_slice none = { NULL, 0 };
    const struct assay_slice report = p->kind == ASSAY_KIND_SNP ? p->main : p->hardware;
    /* Of a paravisor's two forms an SVSM's begins with the report (evidence-rules.md 5.1, 5.2). */
    const bool is_hcl = report.len > 0 && report.bytes[0] == 'H';
    const size_t at = is_hcl ? HCL_REPORT : 0;
    if (report.len < at + SNP_REPORT_LEN) return none;
    return assay_slice_over(report.bytes + at + SNP_CHIP_ID, ASSAY_HWID_MAX);
}

/* Falling usefulness: this chip's key, keys of no chip, authorities, other chips' keys. */
static unsigned rank_of(const struct assay_recognised *item, struct assay_slice chip)
{
    if (!item->has_vek) return 2;
    if (item->hwid_len == 0) return 1;
    return chip.len >= item->hwid_len && assay_bytes_equal(chip.bytes, item->hwid, item->hwid_len)
               ? 0
               : 3;
}

/* Of a TPM's quote without a key: one of a version that is not read here may be that of the key,
 * and the verdict has to know that it is there. */
static void take_unread(const struct work *w, struct assay_package *p)
{
    ASSAY_ASSERT(p->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    for (size_t i = 0; i < w->count && p->key.len == 0; i++) {
        const struct assay_recognised *const it = &w->pieces[i];
        if (it->shape != ASSAY_SHAPE_CERTIFICATE || it->status != ASSAY_E_UNSUPPORTED) continue;
        if (p->certificate_count == ASSAY_PACKAGE_CERTIFICATES_MAX) return;
        p->certificates[p->certificate_count++] = it->bytes;
        mark_used(w, it);
    }
}

static void take_certificates(const struct work *w, struct assay_package *p)
{
    ASSAY_ASSERT(p->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    enum { RANKS = 4 };
    const struct assay_slice chip = chip_of(p);
    for (unsigned turn = 0; turn < 2 * RANKS; turn++)
        for (size_t i = 0; i < w->count; i++) {
            const struct assay_recognised *const it = &w->pieces[i];
            if (!is_in_turn(w, i, turn < RANKS) || rank_of(it, chip) != turn % RANKS) continue;
            if (p->certificate_count == ASSAY_PACKAGE_CERTIFICATES_MAX) {
                w->out->left_out += 1;
                continue;
            }
            p->certificates[p->certificate_count++] = it->bytes;
            mark_used(w, it);
        }
}

/* --- the chain of a device */
/* Did this certificate sign the report? */
static enum assay_status signed_report(const struct assay_certificate *c, const void *owner,
                                       bool *answer)
{
    const struct assay_spdm_report *const r = owner;
    uint8_t digest[ASSAY_SHA384_LEN];
    *answer = false;
    if (!c->has_fwid || !assay_chain_is_signer(c)) return ASSAY_OK;
    assay_sha384(r->signed_part.bytes, r->signed_part.len, digest);
    const enum assay_status status = assay_chain_signed(&c->key, digest, &r->signature);
    *answer = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Did it issue the other one? Devices share names. */
static enum assay_status issued(const struct assay_certificate *c, const void *owner, bool *answer)
{
    const struct assay_certificate *const subject = owner;
    *answer = false;
    if (!assay_chain_names(c, subject)) return ASSAY_OK;
    const enum assay_status status =
        assay_chain_signed(&c->key, subject->tbs_digest, &subject->signature);
    *answer = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Adds the first certificate that fits. Out: *c is it, *found */
static enum assay_status take_link(const struct work *w, struct assay_package *p,
                                   enum assay_status (*fits)(const struct assay_certificate *c,
                                                             const void *owner, bool *answer),
                                   const void *owner, struct assay_certificate *c, bool *found)
{
    ASSAY_ASSERT(p->certificate_count < ASSAY_PACKAGE_CERTIFICATES_MAX);
    *found = false;
    for (size_t at = 0; at < 2 * w->count; at++) {
        const bool is_first = at < w->count;
        const size_t i = is_first ? at : at - w->count;
        const struct assay_recognised *const it = &w->pieces[i];
        if (!is_in_turn(w, i, is_first)) continue;
        ASSAY_TRY(assay_x509_certificate(it->bytes.bytes, it->bytes.len, c));
        ASSAY_TRY(fits(c, owner, found));
        if (!*found) continue;
        p->certificates[p->certificate_count++] = it->bytes;
        mark_used(w, it);
        return ASSAY_OK;
    }
    return ASSAY_OK;
}

/* The certificate whose key signed the report, and those above it, however many of other devices
 * stand beside them. Without one every certificate is taken, and the verdict has the reason. */
static enum assay_status take_device(const struct work *w, struct assay_package *p)
{
    struct assay_spdm_report report;
    struct assay_certificate last, next;
    bool found = false;
    ASSAY_ASSERT(p->certificate_count == 0);
    if (assay_spdm_parse(p->main.bytes, p->main.len, &report) != ASSAY_OK) return ASSAY_OK;
    ASSAY_TRY(take_link(w, p, signed_report, &report, &last, &found));
    while (found && !assay_chain_self_issued(&last) &&
           p->certificate_count < ASSAY_PACKAGE_CERTIFICATES_MAX) {
        ASSAY_TRY(take_link(w, p, issued, &last, &next, &found));
        last = next;
    }
    return ASSAY_OK;
}

/* Of a file with the values of all PCRs of the one bank: those that were selected. */
static void select_values(const struct work *w, const struct assay_tpm_quote *quote,
                          struct assay_slice all, struct assay_slice *out)
{
    ASSAY_ASSERT(quote->bank_count == 1);
    uint8_t *const values = w->out->values;
    const size_t one = assay_tpm_hash_len(quote->banks[0].alg);
    ASSAY_ASSERT(all.len == ASSAY_TPM_PCRS * one);
    size_t used = 0;
    for (size_t pcr = 0; pcr < ASSAY_TPM_PCRS; pcr++) {
        if ((quote->banks[0].mask >> pcr & 1) == 0) continue;
        assay_bytes_copy(values + used, sizeof w->out->values - used, all.bytes + pcr * one, one);
        used += one;
    }
    *out = assay_slice_over(values, used);
}

static bool makes_digest(const struct assay_tpm_quote *quote, struct assay_slice values)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256(values.bytes, values.len, digest);
    return quote->pcr_digest.len == sizeof digest &&
           assay_bytes_equal(digest, quote->pcr_digest.bytes, sizeof digest);
}

static bool is_other(const struct assay_recognised *item)
{
    return item->shape == ASSAY_SHAPE_OTHER && item->status == ASSAY_OK;
}

/* Values that make the digest; else values of that length, so that the verdict shows them.
 * Returns: the piece that they stand in | NULL */
static const struct assay_recognised *take_values(const struct work *w,
                                                  const struct assay_tpm_quote *quote,
                                                  struct assay_package *p)
{
    const size_t wanted = assay_tpm_values_len(quote);
    const size_t one = quote->bank_count == 1 ? assay_tpm_hash_len(quote->banks[0].alg) : 0;
    for (int exact = 1; exact >= 0; exact--)
        for (size_t i = 0; i < w->count; i++) {
            struct assay_slice values = w->pieces[i].bytes;
            if (!is_other(&w->pieces[i]) || values.len == 0) continue;
            if (values.len != wanted) {
                if (one == 0 || values.len != ASSAY_TPM_PCRS * one) continue;
                select_values(w, quote, values, &values);
            }
            if (exact == 1 && !makes_digest(quote, values)) continue;
            p->pcrs = values;
            mark_used(w, &w->pieces[i]);
            return &w->pieces[i];
        }
    return NULL;
}

/* --- the key and what it signed */
static bool read_key(const struct assay_recognised *piece, struct assay_key *key)
{
    struct assay_tpm_public public;
    const struct assay_slice it = piece->bytes;
    if (piece->status != ASSAY_OK) return false;
    if (piece->shape == ASSAY_SHAPE_KEY)
        return assay_x509_public_key(it.bytes, it.len, key) == ASSAY_OK;
    if (piece->shape != ASSAY_SHAPE_PUBLIC) return false;
    if (assay_tpm_public_parse(it.bytes, it.len, &public) != ASSAY_OK) return false;
    *key = public.key;
    return true;
}

/* Could it be a signature by that key, or where none is known by any? */
static bool is_signature(const struct assay_recognised *piece, const struct assay_key *key,
                         struct assay_signature *signature)
{
    static const uint32_t lengths[] = { 64, 260, 388, 516 };
    const struct assay_slice it = piece->bytes;
    if (!is_other(piece)) return false;
    if (key != NULL) return assay_tpm_signature_parse(it.bytes, it.len, key, signature) == ASSAY_OK;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct assay_key any = { .type = i == 0 ? ASSAY_KEY_P256 : ASSAY_KEY_RSA,
                                       .len = lengths[i] };
        if (assay_tpm_signature_parse(it.bytes, it.len, &any, signature) == ASSAY_OK) return true;
    }
    return false;
}

static void take_pair(const struct work *w, const struct assay_recognised *key,
                      const struct assay_recognised *signature, struct assay_package *p)
{
    if (key != NULL) mark_used(w, key);
    if (key != NULL) p->key = key->bytes;
    if (signature != NULL) mark_used(w, signature);
    if (signature != NULL) p->signature = signature->bytes;
}

/* Of several keys and signatures the two that belong together. The work is bounded. */
struct match {
    unsigned tries;
    bool gave_up; /* pairs are left that were not tried */
    bool is_done;
};

/* A signature by the key of that piece. */
static enum assay_status match_key(const struct work *w, const struct assay_recognised *values,
                                   const struct assay_recognised *piece,
                                   const struct assay_key *key, struct assay_package *p,
                                   struct match *m)
{
    enum { TRIES_MAX = 64 };
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    ASSAY_ASSERT(m->tries <= TRIES_MAX && !m->is_done);
    for (size_t i = 0; i < w->count && !m->gave_up; i++) {
        if (&w->pieces[i] == values || !is_signature(&w->pieces[i], key, &signature)) continue;
        m->gave_up = m->tries == TRIES_MAX;
        if (m->gave_up) break;
        m->tries += 1;
        const size_t len =
            assay_signature_digest(signature.alg, p->main.bytes, p->main.len, digest);
        ASSAY_ASSERT(len == assay_signature_digest_len(signature.alg));
        const enum assay_status status = assay_chain_signed(key, digest, &signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        m->is_done = status == ASSAY_OK;
        if (!m->is_done) continue;
        take_pair(w, piece, &w->pieces[i], p);
        break;
    }
    return ASSAY_OK;
}

/* Of all keys of one shape, or of those alone that are equal to one. */
static enum assay_status match_keys(const struct work *w, const struct assay_recognised *values,
                                    enum assay_shape shape, const struct assay_key *only,
                                    struct assay_package *p, struct match *m)
{
    struct assay_key key;
    for (size_t k = 0; k < w->count && !m->is_done && !m->gave_up; k++) {
        if (w->pieces[k].shape != shape || !read_key(&w->pieces[k], &key)) continue;
        if (only != NULL && !assay_key_equal(only, &key)) continue;
        ASSAY_TRY(match_key(w, values, &w->pieces[k], &key, p, m));
    }
    return ASSAY_OK;
}

/* First the keys of end entities whose certificates lead to a root, then all. Out: *m of all */
static enum assay_status match_signature(const struct work *w,
                                         const struct assay_recognised *values,
                                         struct assay_package *p, struct match *m)
{
    struct assay_certificate c;
    *m = (struct match){ 0 };
    for (size_t i = 0; i < w->count && !m->is_done && !m->gave_up; i++) {
        const struct assay_slice der = w->pieces[i].bytes;
        if (!is_in_turn(w, i, true) || w->leads == NULL) continue;
        ASSAY_TRY(assay_x509_certificate(der.bytes, der.len, &c));
        if (c.is_ca) continue;
        ASSAY_TRY(match_keys(w, values, ASSAY_SHAPE_PUBLIC, &c.key, p, m));
        if (!m->is_done) ASSAY_TRY(match_keys(w, values, ASSAY_SHAPE_KEY, &c.key, p, m));
    }
    if (m->is_done) return ASSAY_OK;
    *m = (struct match){ 0 };
    ASSAY_TRY(match_keys(w, values, ASSAY_SHAPE_PUBLIC, NULL, p, m));
    if (!m->is_done) ASSAY_TRY(match_keys(w, values, ASSAY_SHAPE_KEY, NULL, p, m));
    return ASSAY_OK;
}

static size_t count_of(const struct work *w, enum assay_shape shape)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++)
        count += w->pieces[i].shape == shape && w->pieces[i].status == ASSAY_OK;
    return count;
}

/* A public area has more information than the bare key. An unusable one is better than none: the
 * verdict has the reason. */
static enum assay_status take_signed(const struct work *w, const struct assay_recognised *values,
                                     struct assay_package *p)
{
    struct assay_key known;
    struct assay_signature parsed;
    const struct assay_recognised *signature = NULL;
    const struct assay_recognised *key = find_first(w, ASSAY_SHAPE_PUBLIC, true);
    if (key == NULL) key = find_first(w, ASSAY_SHAPE_KEY, true);
    if (key == NULL) key = find_first(w, ASSAY_SHAPE_PUBLIC, false);
    const bool is_known = key != NULL && read_key(key, &known);
    size_t signatures = 0;
    for (size_t i = w->count; i-- > 0;) {
        const struct assay_recognised *const it = &w->pieces[i];
        if (it == values || !is_signature(it, NULL, &parsed)) continue;
        signatures += 1;
        if (signature == NULL || !is_known || is_signature(it, &known, &parsed)) signature = it;
    }
    struct match m = { 0 };
    if (signatures > 1 || count_of(w, ASSAY_SHAPE_PUBLIC) + count_of(w, ASSAY_SHAPE_KEY) > 1)
        ASSAY_TRY(match_signature(w, values, p, &m));
    /* Pairs that were not tried may be the right ones: none is taken, so none accuses. */
    if (!m.is_done && !m.gave_up) take_pair(w, key, signature, p);
    return ASSAY_OK;
}

static enum assay_status take_tpm(const struct work *w, struct assay_package *p)
{
    struct assay_tpm_quote quote;
    const struct assay_recognised *values = NULL;
    if (assay_tpm_quote_parse(p->main.bytes, p->main.len, &quote) == ASSAY_OK)
        values = take_values(w, &quote, p);
    return take_signed(w, values, p);
}

/* A paravisor's blob was handed over as the evidence: the TPM's quote stands in the folder. */
static bool take_attest(const struct work *w, struct assay_package *p)
{
    const struct assay_recognised *const attest = find_first(w, ASSAY_SHAPE_ATTEST, true);
    if (attest == NULL) return false;
    ASSAY_ASSERT(p->hardware.len == 0);
    p->hardware = p->main;
    p->main = attest->bytes;
    mark_used(w, attest);
    return true;
}

static void take_quote(const struct work *w, struct assay_package *p)
{
    const struct assay_recognised *const quote = find_first(w, ASSAY_SHAPE_TDX_QUOTE, true);
    if (quote == NULL) return;
    p->quote = quote->bytes;
    mark_used(w, quote);
}

/* The least useful pieces are left out if they do not fit: unrelated certificates. */
static enum assay_status encode_package(const struct work *w, struct assay_package *p)
{
    ASSAY_ASSERT(p->kind != ASSAY_KIND_NONE && p->main.len > 0);
    for (;;) {
        struct assay_writer writer = assay_writer_over(w->out->bytes, sizeof w->out->bytes);
        assay_package_encode(p, &writer);
        if (!writer.full || p->certificate_count == 0)
            return assay_writer_finish(&writer, &w->out->evidence);
        p->certificate_count -= 1;
        w->out->left_out += 1;
    }
}

enum assay_status assay_assemble(const struct assay_recognised *pieces, const bool *leads,
                                 size_t count, enum assay_evidence_kind kind,
                                 struct assay_slice evidence, bool *is_taken,
                                 struct assay_assembly *out)
{
    ASSAY_ASSERT(out != NULL);
    ASSAY_ASSERT(pieces != NULL || count == 0);
    const struct work w = { pieces, leads, count, is_taken, out };
    struct assay_package *const p = &out->package;
    enum assay_evidence_kind said = ASSAY_KIND_NONE;
    const struct wants wants = wants_of(kind);
    out->left_out = 0;
    out->evidence = evidence;
    *p = (struct assay_package){ .kind = kind, .main = evidence };
    if (assay_package_detect(evidence.bytes, evidence.len, &said)) return ASSAY_OK;
    const bool composite = wants.attest && take_attest(&w, p);
    if (kind == ASSAY_KIND_NVIDIA_GPU || kind == ASSAY_KIND_NVIDIA_SWITCH)
        ASSAY_TRY(take_device(&w, p));
    if (wants.certificates && p->certificate_count == 0) take_certificates(&w, p);
    if (wants.quote) take_quote(&w, p);
    if (wants.tpm && (!wants.attest || composite)) ASSAY_TRY(take_tpm(&w, p));
    if (wants.tpm && !wants.attest) take_unread(&w, p);
    const bool is_bare = !composite && p->certificate_count == 0 && p->signature.len == 0 &&
                         p->pcrs.len == 0 && p->key.len == 0 && p->quote.len == 0;
    if (is_bare) return ASSAY_OK;
    return encode_package(&w, p);
}
