/*
 * quote/snp_vek.c - VEK <- ASK or ASVK <- ARK (AMD 57230, "Certificate chains").
 *
 * The ARK is trusted as a pinned key, never for its certificate: that may be missing. Certificates
 * come with the report and with the collateral, in any order, needed or not. A function of bytes
 * and pinned keys: time, revocation and what the report says of its TCB are judged in snp.c.
 */
#include "quote/snp_vek.h"

#include "base/assert.h"
#include "quote/chain.h"
#include "quote/collateral.h"

enum {
    OWN_MAX = ASSAY_PACKAGE_CERTIFICATES_MAX,
    CANDIDATES_MAX = OWN_MAX + ASSAY_CHAIN_MAX,
};

/* --- which certificate */
bool assay_snp_vek_tcb_equal(const struct assay_vek *vek, const struct assay_snp_tcb *tcb)
{
    return vek->bootloader == tcb->bootloader && vek->tee == tcb->tee && vek->snp == tcb->snp &&
           vek->microcode == tcb->microcode && vek->has_fmc == tcb->has_fmc &&
           (!tcb->has_fmc || vek->fmc == tcb->fmc);
}

/* AMD 57230: 64 bytes up to Genoa, 8 bytes from Turin on, where the report's field is padded. */
bool assay_snp_vek_chip_equal(const struct assay_vek *vek,
                              const uint8_t chip_id[static ASSAY_SNP_CHIP_ID_LEN])
{
    if (vek->hwid_len != ASSAY_SNP_CHIP_ID_LEN && vek->hwid_len != ASSAY_SNP_SHORT_CHIP_ID_LEN)
        return false;
    return assay_bytes_equal(vek->hwid, chip_id, vek->hwid_len) &&
           assay_bytes_all_zero(chip_id + vek->hwid_len, ASSAY_SNP_CHIP_ID_LEN - vek->hwid_len);
}

bool assay_snp_is_vlek(const struct assay_vek *vek)
{
    return vek->csp[0] != '\0' && vek->hwid_len == 0;
}

bool assay_snp_is_vcek(const struct assay_vek *vek)
{
    return vek->csp[0] == '\0' && vek->hwid_len != 0;
}

unsigned assay_snp_vek_fit(const struct assay_certificate *certificate,
                           const struct assay_snp_report *report)
{
    enum { IS_VEK = 1, SORT = 4, CHIP = 2, TCB = 1 };
    _Static_assert(IS_VEK + SORT + CHIP + TCB == ASSAY_SNP_FITS, "all of it");
    if (!certificate->has_vek) return 0;
    const struct assay_vek *const vek = &certificate->vek;
    const bool wants_vlek = assay_snp_signing_key(report) == ASSAY_SNP_KEY_VLEK;
    const struct assay_snp_tcb tcb =
        assay_snp_tcb(assay_snp_product_of_name(vek->product), report->reported_tcb);
    unsigned fit = IS_VEK;
    if (wants_vlek ? assay_snp_is_vlek(vek) : assay_snp_is_vcek(vek)) fit += SORT;
    if (wants_vlek || assay_bytes_all_zero(report->chip_id, sizeof report->chip_id) ||
        assay_snp_vek_chip_equal(vek, report->chip_id))
        fit += CHIP;
    if (assay_snp_vek_tcb_equal(vek, &tcb)) fit += TCB;
    return fit;
}

const struct assay_certificate *assay_snp_vek_choose(const struct assay_certificate *certificates,
                                                     size_t count,
                                                     const struct assay_snp_report *report)
{
    const struct assay_certificate *chosen = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned fit = assay_snp_vek_fit(&certificates[i], report);
        if (fit <= best) continue;
        best = fit;
        chosen = &certificates[i];
    }
    return chosen;
}

enum assay_status assay_snp_vek_read(const struct assay_slice *pieces, size_t piece_count,
                                     struct assay_certificate *out, size_t capacity, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < piece_count && *count < capacity; i++) {
        size_t found = 0;
        const enum assay_status status = assay_x509_certificates(
            pieces[i].bytes, pieces[i].len, out + *count, capacity - *count, &found);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) *count += found;
    }
    return ASSAY_OK;
}

/* --- what leads to the root */
/* Everything at hand under one endorsement. */
struct hand {
    const struct assay_snp_report *report;
    const struct assay_endorsement *endorsement; /* NULL: no root is pinned for the kind */
    bool exact;
    const struct assay_certificate *own; /* came with the report */
    size_t own_count;
    size_t count;
    const struct assay_certificate *all[CANDIDATES_MAX];
};

/* How far the way goes, in rising order: the best of all endorsements is reported. */
enum reach {
    REACH_NOTHING,  /* no VEK certificate */
    REACH_VEK,      /* its issuer is not at hand */
    REACH_WRONG,    /* an issuer is, and did not sign it, or may not */
    REACH_STRANGER, /* signed, but by an authority that no pinned root vouches for */
    REACH_ROOT,
};

struct way {
    enum reach reach;
    const struct assay_certificate *vek;
    const struct assay_certificate *ca;   /* from REACH_WRONG on */
    const struct assay_certificate *root; /* NULL: only its key is at hand */
    bool constraints; /* REACH_WRONG because of what a certificate may be used for */
};

static void gather(const struct assay_endorsement *e, struct hand *h)
{
    h->endorsement = e;
    h->count = 0;
    for (size_t i = 0; i < h->own_count; i++)
        h->all[h->count++] = &h->own[i];
    if (e == NULL || e->collateral == NULL) return;
    ASSAY_ASSERT(e->collateral->certificate_count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < e->collateral->certificate_count; i++)
        h->all[h->count++] = &e->collateral->certificates[i];
}

/*
 * What came with the report speaks for it, fitting or not. The collateral of a network serves many
 * platforms: what does not fit there only means that the right one is missing.
 */
static const struct assay_certificate *choose(const struct hand *h)
{
    const struct assay_certificate *const own =
        assay_snp_vek_choose(h->own, h->own_count, h->report);
    const unsigned own_fit = own == NULL ? 0 : assay_snp_vek_fit(own, h->report);
    if (h->endorsement == NULL || h->endorsement->collateral == NULL) return own;
    const struct assay_collateral *const c = h->endorsement->collateral;
    const struct assay_certificate *const other =
        assay_snp_vek_choose(c->certificates, c->certificate_count, h->report);
    if (other == NULL) return own;
    const unsigned fit = assay_snp_vek_fit(other, h->report);
    return fit > own_fit && (fit == ASSAY_SNP_FITS || h->exact) ? other : own;
}

static bool may_be_vek(const struct assay_certificate *c)
{
    /* AMD's carry neither basic constraints nor key usage (57230, VCEK certificate). */
    if (c->has_unknown_critical || (c->has_basic_constraints && c->is_ca)) return false;
    return !c->has_key_usage || (c->key_usage & ASSAY_KEY_USAGE_DIGITAL_SIGNATURE) != 0;
}

static bool self_issued(const struct assay_certificate *c)
{
    return assay_dn_equal(&c->subject, &c->issuer);
}

/* Signed? Host failures leave. */
static enum assay_status try_signature(const struct assay_key *key,
                                       const struct assay_certificate *subject, bool *ok)
{
    const enum assay_status status =
        assay_chain_signed(key, subject->tbs_digest, &subject->signature);
    *ok = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* From the authority to the pinned root; its certificate is wanted for its validity only. */
static enum assay_status climb(const struct hand *h, struct way *way)
{
    bool pinned = false;
    for (size_t i = 0; i < h->count; i++) {
        const struct assay_certificate *const c = h->all[i];
        if (!self_issued(c) || !assay_chain_names(c, way->ca)) continue;
        if (h->endorsement == NULL || !assay_key_equal(&c->key, &h->endorsement->root)) continue;
        if (!assay_chain_is_ca(c, 1)) continue;
        ASSAY_TRY(try_signature(&c->key, c, &pinned));
        if (!pinned) continue;
        way->root = c;
        break;
    }
    if (h->endorsement == NULL) return ASSAY_OK;
    ASSAY_TRY(try_signature(&h->endorsement->root, way->ca, &pinned));
    if (pinned) way->reach = REACH_ROOT;
    return ASSAY_OK;
}

/* One candidate for the authority. Keeps what reaches farther. */
static enum assay_status try_authority(const struct hand *h, const struct assay_certificate *ca,
                                       struct way *best)
{
    bool ok = false;
    struct way way = { .reach = REACH_WRONG, .vek = best->vek, .ca = ca };
    way.constraints = !assay_chain_is_ca(ca, 0) || !may_be_vek(way.vek);
    ASSAY_TRY(try_signature(&ca->key, way.vek, &ok));
    if (ok && !way.constraints) {
        way.reach = REACH_STRANGER;
        ASSAY_TRY(climb(h, &way));
    }
    way.constraints = way.constraints && ok;
    if (way.reach > best->reach || (way.reach == best->reach && way.constraints)) *best = way;
    return ASSAY_OK;
}

static enum assay_status find_way(const struct hand *h, struct way *out)
{
    struct way way = { .reach = REACH_NOTHING, .vek = choose(h) };
    if (way.vek != NULL) way.reach = REACH_VEK;
    for (size_t i = 0; way.vek != NULL && i < h->count && way.reach < REACH_ROOT; i++) {
        const struct assay_certificate *const ca = h->all[i];
        if (ca == way.vek || !assay_chain_names(ca, way.vek)) continue;
        /* 57230: the ARK certifies authorities, never endorsement keys. */
        if (self_issued(ca)) continue;
        ASSAY_TRY(try_authority(h, ca, &way));
    }
    *out = way;
    return ASSAY_OK;
}

/* Does the endorsement's own VEK beat the one of another? Only a way that goes farther does. */
static enum assay_status find_best(struct hand *h, const struct assay_endorsements *all,
                                   enum assay_evidence_kind kind, struct way *best,
                                   const struct assay_endorsement **under)
{
    gather(NULL, h);
    ASSAY_TRY(find_way(h, best));
    *under = NULL;
    for (size_t i = 0; i < all->count && best->reach < REACH_ROOT; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        struct way way;
        if ((e->kinds & ASSAY_KIND_BIT(kind)) == 0) continue;
        gather(e, h);
        ASSAY_TRY(find_way(h, &way));
        if (way.reach <= best->reach) continue;
        *best = way;
        *under = e;
    }
    return ASSAY_OK;
}

/* --- the proof */
static void note_reach(const struct way *way, struct assay_proven *proven)
{
    switch (way->reach) {
    case REACH_NOTHING:
        proven->proofs[ASSAY_PROOF_CHAIN] = ASSAY_PROOF_UNKNOWN;
        assay_proven_fault(proven, ASSAY_RULE_KEY_MISSING, 0,
                           "the certificate of the chip's VCEK or the provider's VLEK", "none");
        return;
    case REACH_VEK:
        proven->proofs[ASSAY_PROOF_CHAIN] = ASSAY_PROOF_UNKNOWN;
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_MISSING, 0,
                           "the certificate of the ASK or ASVK that issued the endorsement key",
                           "none");
        return;
    case REACH_WRONG:
        proven->proofs[ASSAY_PROOF_CHAIN] = ASSAY_PROOF_FALSE;
        if (way->constraints)
            assay_proven_fault(proven, ASSAY_RULE_CHAIN_CONSTRAINTS, 0,
                               "an authority that issues, an end entity that signs", "other uses");
        else
            assay_proven_fault(proven, ASSAY_RULE_CHAIN_SIGNATURE, 0,
                               "an endorsement key certified by its issuer", "a wrong signature");
        return;
    case REACH_STRANGER:
        proven->proofs[ASSAY_PROOF_CHAIN] = ASSAY_PROOF_FALSE;
        assay_proven_fault(proven, ASSAY_RULE_CHAIN_ROOT, 0,
                           "an ASK or ASVK certified by a root key pinned for this kind",
                           "another issuer");
        return;
    case REACH_ROOT: proven->proofs[ASSAY_PROOF_CHAIN] = ASSAY_PROOF_TRUE; return;
    }
    ASSAY_UNREACHABLE("how far a way goes");
}

static enum assay_status write_proof(const struct way *way, const struct assay_endorsement *e,
                                     struct assay_proven *proven)
{
    note_reach(way, proven);
    if (way->vek == NULL) return ASSAY_OK;
    proven->facts.vek = way->vek->vek;
    assay_proven_link(proven, "endorsement key certificate", way->vek);
    if (way->reach == REACH_ROOT) {
        ASSAY_ASSERT(e != NULL);
        proven->root = e->root;
        assay_proven_link(proven, "ASK or ASVK certificate", way->ca);
        if (way->root != NULL) assay_proven_link(proven, "ARK certificate", way->root);
    }
    const enum assay_status status = assay_verify_key_load(&way->vek->key, &proven->key);
    if (status == ASSAY_E_KEY) return ASSAY_OK; /* no key: no signature of it verifies */
    return status;
}

static enum assay_status prove(const struct assay_snp_report *report,
                               const struct assay_snp_subject *subject,
                               const struct assay_evidence_request *request,
                               struct assay_proven *proven)
{
    struct assay_certificate own[OWN_MAX];
    struct hand h = { .report = report, .exact = request->endorsements->exact, .own = own };
    struct way way;
    const struct assay_endorsement *under = NULL;
    ASSAY_TRY(assay_snp_vek_read(subject->certificates, subject->certificate_count, own, OWN_MAX,
                                 &h.own_count));
    ASSAY_TRY(find_best(&h, request->endorsements, request->kind, &way, &under));
    return write_proof(&way, under, proven);
}

/*
 * Everything that the proof depends on beside the certificates: what the report asks of its key,
 * and the pinned keys with their certificates.
 */
static void digest_context(const struct assay_snp_report *report,
                           const struct assay_evidence_request *request,
                           uint8_t digest[static ASSAY_SHA256_LEN])
{
    enum { FIXED = 4, EACH = 2 };
    struct assay_slice pieces[FIXED + EACH * ASSAY_ENDORSEMENTS_MAX];
    uint8_t shape[2 + ASSAY_ENDORSEMENTS_MAX]; /* tells which pieces follow */
    const struct assay_endorsements *const all = request->endorsements;
    size_t shape_len = 0;
    size_t count = 1;
    shape[shape_len++] = (uint8_t)assay_snp_signing_key(report);
    shape[shape_len++] = all->exact ? 1 : 0;
    pieces[count++] = assay_slice_over(report->reported_tcb, sizeof report->reported_tcb);
    pieces[count++] = assay_slice_over(report->chip_id, sizeof report->chip_id);
    for (size_t i = 0; i < all->count; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(request->kind)) == 0) continue;
        shape[shape_len++] = (uint8_t)((unsigned)e->root.type << 1 | (e->collateral != NULL));
        pieces[count++] = assay_slice_over(e->root.bytes, e->root.len);
        if (e->collateral != NULL)
            pieces[count++] = assay_slice_over(e->collateral->digest, sizeof e->collateral->digest);
    }
    pieces[0] = assay_slice_over(shape, shape_len);
    assay_sha256_pieces(pieces, count, digest);
}

enum assay_status assay_snp_vek_prove(const struct assay_snp_report *report,
                                      const struct assay_snp_subject *subject,
                                      struct assay_verifier *verifier,
                                      const struct assay_evidence_request *request,
                                      struct assay_lease *lease)
{
    ASSAY_ASSERT(subject->certificate_count <= OWN_MAX);
    uint8_t context[ASSAY_SHA256_LEN];
    struct assay_slice pieces[1 + OWN_MAX];
    digest_context(report, request, context);
    pieces[0] = assay_slice_over(context, sizeof context);
    for (size_t i = 0; i < subject->certificate_count; i++)
        pieces[1 + i] = subject->certificates[i];
    assay_lease_open(verifier, request->kind, pieces, 1 + subject->certificate_count, lease);
    if (lease->proven != NULL) return ASSAY_OK;
    ASSAY_TRY(prove(report, subject, request, &lease->own));
    assay_lease_keep(lease);
    return ASSAY_OK;
}
