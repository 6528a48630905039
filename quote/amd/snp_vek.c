/*
 * quote/amd/snp_vek.c - certificate chain VEK <- ASK or ASVK <- ARK (AMD 57230, "Certificate
 * chains").
 *
 * The ARK is trusted as a pinned key, never for its certificate: that may be missing. Certificates
 * come with the report and with the collateral, in any order, needed or not. A function of bytes
 * and pinned keys: time, revocation and the TCB of the report are appraised in snp.c.
 */
#include "quote/amd/snp_vek.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/path.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/text.h"

enum {
    OWN_MAX = ASSAY_PACKAGE_CERTIFICATES_MAX,
    CANDIDATES_MAX = OWN_MAX + ASSAY_CHAIN_MAX,
    LINKS = 3, /* VEK, ASK or ASVK, ARK */
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
    ASSAY_ASSERT(fit >= IS_VEK && fit <= ASSAY_SNP_FITS);
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
    ASSAY_ASSERT((chosen == NULL) == (best == 0));
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
    ASSAY_ASSERT(*count <= capacity);
    return ASSAY_OK;
}

/* --- what leads to the root */
/* Everything at hand under one endorsement: what came with the report, then the collateral's. */
struct hand {
    const struct assay_snp_report *report;
    const struct assay_endorsement *endorsement; /* NULL: no root is pinned for the kind */
    bool exact;
    size_t own_count;
    size_t count;
    struct assay_certificate all[CANDIDATES_MAX];
};

/* How far the way goes, in rising order: the best of all endorsements is reported. */
enum reach {
    REACH_NOTHING,  /* no VEK certificate */
    REACH_VEK,      /* its issuer is not at hand */
    REACH_STRANGER, /* an authority is, but no pinned root vouches for it */
    REACH_WRONG,    /* a root is, and something below it is wrong: see fault */
    REACH_ROOT,
};

struct way {
    enum reach reach;
    const struct assay_endorsement *endorsement;
    struct assay_quote_fault fault;
    size_t count; /* VEK, ASK or ASVK, and the ARK where its certificate is at hand */
    struct assay_certificate certificates[LINKS];
};

static void collect_certificates(const struct assay_endorsement *e, struct hand *h)
{
    ASSAY_ASSERT(h->own_count <= OWN_MAX);
    h->endorsement = e;
    h->count = h->own_count;
    if (e == NULL || e->collateral == NULL) return;
    const struct assay_collateral *const c = e->collateral;
    ASSAY_ASSERT(c->certificate_count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < c->certificate_count; i++)
        h->all[h->count++] = c->certificates[i];
}

/*
 * A certificate sent with the report is evidence, matching or not. The collateral of a network
 * serves many platforms: no match there only means that the right certificate is missing.
 */
static const struct assay_certificate *choose_vek(const struct hand *h)
{
    const struct assay_certificate *const own =
        assay_snp_vek_choose(h->all, h->own_count, h->report);
    const struct assay_certificate *const best = assay_snp_vek_choose(h->all, h->count, h->report);
    if (best == own) return own;
    ASSAY_ASSERT(best != NULL);
    return h->exact || assay_snp_vek_fit(best, h->report) == ASSAY_SNP_FITS ? best : own;
}

/* AMD's carry neither basic constraints nor key usage (57230, VCEK certificate). */
static bool may_be_vek(const struct assay_certificate *c)
{
    if (c->has_basic_constraints && c->is_ca) return false;
    if ((c->key_usage & ASSAY_KEY_USAGE_CERT_SIGN) != 0 || !assay_chain_allows(c, 0)) return false;
    return !c->has_key_usage || (c->key_usage & ASSAY_KEY_USAGE_DIGITAL_SIGNATURE) != 0;
}

static struct assay_quote_fault fault_of(enum assay_rule rule, const char *expected,
                                         const char *observed)
{
    return (struct assay_quote_fault){ rule, 0, expected, observed };
}

/* The path ends in the root. 57230: an ARK certifies ASK and ASVK, these the endorsement keys. */
static void note_path(const struct assay_path *path, const struct assay_key *root, bool is_sound,
                      struct way *way)
{
    const bool has_ark = assay_key_equal(&path->certificates[path->count - 1]->key, root);
    way->reach = is_sound ? REACH_ROOT : REACH_WRONG;
    if (path->count != (has_ark ? LINKS : LINKS - 1) || !may_be_vek(path->certificates[0])) {
        way->reach = REACH_WRONG;
        way->fault = fault_of(ASSAY_RULE_CHAIN_CONSTRAINTS,
                              "an endorsement key, its authority and its root", "another chain");
        return;
    }
    ASSAY_ASSERT(path->count <= LINKS);
    for (size_t i = 0; i < path->count; i++)
        way->certificates[i] = *path->certificates[i];
    way->count = path->count;
}

/* Those that certify the same, first of all the chosen one: copies of it, and it again. Claims are
 * read without roots, so one with other facts is no choice. */
static size_t collect_leaves(const struct hand *h, const struct assay_certificate *vek,
                             const struct assay_certificate *leaves[CANDIDATES_MAX])
{
    size_t count = 0;
    leaves[count++] = vek;
    for (size_t i = 0; i < h->count; i++) {
        const struct assay_certificate *const c = &h->all[i];
        if (c == vek || !c->has_vek || !assay_key_equal(&c->key, &vek->key)) continue;
        if (assay_snp_vek_fit(c, h->report) != assay_snp_vek_fit(vek, h->report)) continue;
        if (assay_text_compare(c->vek.product, vek->vek.product, sizeof c->vek.product) != 0 ||
            assay_text_compare(c->vek.csp, vek->vek.csp, sizeof c->vek.csp) != 0)
            continue;
        leaves[count++] = c;
    }
    ASSAY_ASSERT(count <= CANDIDATES_MAX);
    return count;
}

static enum assay_status find_way(const struct hand *h, struct way *way)
{
    static const struct assay_key none = { .type = ASSAY_KEY_NONE };
    const struct assay_key *const root = h->endorsement != NULL ? &h->endorsement->root : &none;
    const struct assay_certificate *const vek = choose_vek(h);
    const struct assay_certificate *leaves[CANDIDATES_MAX];
    struct assay_path path;
    bool is_sound = false;
    size_t at = 0;
    way->endorsement = h->endorsement;
    way->fault = fault_of(ASSAY_RULE_FORMAT, "", "");
    way->reach = REACH_NOTHING;
    way->count = 0;
    if (vek == NULL) return ASSAY_OK;
    way->reach = REACH_VEK;
    way->certificates[0] = *vek;
    way->count = 1;
    const struct assay_path_request request = { .leaf_count = collect_leaves(h, vek, leaves),
                                                .leaves = leaves,
                                                .count = h->count,
                                                .candidates = h->all,
                                                .root = root };
    const enum assay_status status = assay_path_find(&request, &path, &is_sound, &way->fault, &at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status == ASSAY_OK) note_path(&path, root, is_sound, way);
    else if (path.count > 1) way->reach = REACH_STRANGER;
    return ASSAY_OK;
}

static enum assay_status find_best(struct hand *h, const struct assay_evidence_request *request,
                                   struct way *best)
{
    const struct assay_endorsements *const all = request->endorsements;
    collect_certificates(NULL, h);
    ASSAY_TRY(find_way(h, best));
    for (size_t i = 0; i < all->count && best->reach < REACH_ROOT; i++) {
        struct way way;
        if ((all->entries[i].kinds & ASSAY_KIND_BIT(request->kind)) == 0) continue;
        collect_certificates(&all->entries[i], h);
        ASSAY_TRY(find_way(h, &way));
        if (way.reach > best->reach) *best = way;
    }
    ASSAY_ASSERT(best->reach != REACH_ROOT || best->endorsement != NULL);
    return ASSAY_OK;
}

/* --- the proof */
static void note_reach(const struct way *way, bool trusts_nobody, struct assay_proven *proven)
{
    enum assay_proof_state state = ASSAY_PROOF_FALSE;
    struct assay_quote_fault fault = way->fault;
    switch (way->reach) {
    case REACH_NOTHING:
        state = ASSAY_PROOF_UNKNOWN;
        fault = fault_of(ASSAY_RULE_KEY_MISSING,
                         "the certificate of the chip's VCEK or the provider's VLEK", "none");
        break;
    case REACH_VEK:
        state = ASSAY_PROOF_UNKNOWN;
        fault =
            fault_of(ASSAY_RULE_CHAIN_MISSING,
                     "the certificate of the ASK or ASVK that issued the endorsement key", "none");
        break;
    case REACH_STRANGER:
        if (trusts_nobody) state = ASSAY_PROOF_UNKNOWN;
        fault = fault_of(trusts_nobody ? ASSAY_RULE_ROOT_MISSING : ASSAY_RULE_CHAIN_ROOT,
                         "an ASK or ASVK certified by a root key pinned for this kind",
                         "another issuer");
        break;
    case REACH_WRONG: break;
    case REACH_ROOT: state = ASSAY_PROOF_TRUE; break;
    }
    proven->proofs[ASSAY_PROOF_CHAIN] = (uint8_t)state;
    if (state != ASSAY_PROOF_TRUE)
        assay_proven_fault(proven, fault.rule, fault.offset, fault.expected, fault.observed);
}

/* A function: an array of pointers would be writable data to the loader. */
static const char *name_of(size_t link)
{
    ASSAY_ASSERT(link < LINKS);
    if (link == 0) return "endorsement key certificate";
    return link == 1 ? "ASK or ASVK certificate" : "ARK certificate";
}

static enum assay_status write_proof(const struct way *way, bool trusts_nobody,
                                     struct assay_proven *proven)
{
    ASSAY_ASSERT(way->count <= LINKS);
    note_reach(way, trusts_nobody, proven);
    if (way->count == 0) return ASSAY_OK;
    const struct assay_certificate *const vek = &way->certificates[0];
    const size_t links = way->reach == REACH_ROOT ? way->count : 1;
    if (way->reach == REACH_ROOT) proven->root = way->endorsement->root;
    proven->facts.vek = vek->vek;
    for (size_t i = 0; i < links; i++)
        assay_proven_link(proven, name_of(i), &way->certificates[i]);
    /* 56860, SIGNATURE_ALGO 1: P-384. Of any other key no signature verifies. */
    if (vek->key.type != ASSAY_KEY_P384) return ASSAY_OK;
    const enum assay_status status = assay_public_key_load(&vek->key, &proven->key);
    if (status == ASSAY_E_KEY) return ASSAY_OK;
    return status;
}

static enum assay_status prove_signature(const struct assay_snp_report *report,
                                         const struct assay_snp_subject *subject,
                                         const struct assay_evidence_request *request,
                                         struct assay_proven *proven)
{
    struct hand h;
    struct way way;
    h.report = report;
    h.exact = request->endorsements->exact;
    ASSAY_TRY(assay_snp_vek_read(subject->certificates, subject->certificate_count, h.all, OWN_MAX,
                                 &h.own_count));
    ASSAY_TRY(find_best(&h, request, &way));
    /* As assay_appraise_unknown_root has it. */
    return write_proof(&way, h.exact && !assay_appraise_has_root(request), proven);
}

/*
 * All inputs of the proof in addition to the certificates: the report's requirements on its key,
 * and the pinned keys with their certificates.
 */
static void digest_context(const struct assay_snp_report *report,
                           const struct assay_evidence_request *request,
                           uint8_t digest[static ASSAY_SHA256_LEN])
{
    enum { FIXED = 4, EACH = 2 };
    struct assay_slice pieces[FIXED + EACH * ASSAY_ENDORSEMENTS_MAX];
    uint8_t shape[2 + ASSAY_ENDORSEMENTS_MAX]; /* determines which pieces follow */
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
    ASSAY_ASSERT(shape_len <= sizeof shape && count <= sizeof pieces / sizeof pieces[0]);
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
    ASSAY_TRY(prove_signature(report, subject, request, &lease->own));
    assay_lease_retain(lease);
    ASSAY_ASSERT(lease->proven != NULL);
    return ASSAY_OK;
}
