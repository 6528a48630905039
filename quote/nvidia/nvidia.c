/*
 * quote/nvidia/nvidia.c - appraisal of a report of an NVIDIA GPU or NVSwitch: its chain to a pinned
 * root, its signature, its firmware's identity, what the policy accepts, then its measurements
 * (golden.c).
 *
 * The leaf belongs to the firmware that was booted, and is made by the device; the certificate
 * above it is the device's own, made in the factory: it names the architecture and the platform.
 */
#include "quote/nvidia/nvidia.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/validity.h"
#include "quote/collateral/collateral.h"
#include "quote/collateral/revocation.h"
#include "quote/kinds.h"
#include "quote/text.h"

enum {
    DEVICE = 1,         /* of the path */
    OF_DEVICE = 7 << 1, /* certificates that an issuer answers about: all but the leaf */
};

/* The certificates that came with a report. */
struct hand {
    size_t count;
    struct assay_certificate certificates[ASSAY_PACKAGE_CERTIFICATES_MAX];
    size_t leaf; /* count: none */
};

/* How far the chain leads under one root, the farther the greater. */
enum reach { REACH_NOTHING, REACH_STRANGER, REACH_MISSING, REACH_WRONG, REACH_ROOT };

/* --- names */
static bool is_prefix(const char *text, const char *prefix)
{
    const size_t len = assay_text_len(prefix, ASSAY_COMMON_NAME_MAX);
    return assay_text_len(text, ASSAY_COMMON_NAME_MAX) >= len &&
           assay_bytes_equal(text, prefix, len);
}

enum assay_status assay_nvidia_architecture(const char *name, enum assay_gpu_architecture *out)
{
    static const struct {
        const char *prefix;
        enum assay_gpu_architecture architecture;
    } chips[] = { { "GH100 ", ASSAY_GPU_HOPPER },
                  { "GB10", ASSAY_GPU_BLACKWELL },
                  { "GB20", ASSAY_GPU_BLACKWELL },
                  { "LS_10 ", ASSAY_GPU_LS10 } };
    for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
        if (!is_prefix(name, chips[i].prefix)) continue;
        *out = chips[i].architecture;
        return ASSAY_OK;
    }
    return ASSAY_E_UNSUPPORTED;
}

const char *assay_nvidia_product(enum assay_gpu_architecture architecture,
                                 const struct assay_spdm_report *report)
{
    switch (architecture) {
    case ASSAY_GPU_HOPPER: return "GH100";
    case ASSAY_GPU_LS10: return "LS10";
    /* Older drivers do not name the chip, and knew one. */
    case ASSAY_GPU_BLACKWELL: return report->chip[0] != '\0' ? report->chip : "GB100";
    }
    ASSAY_UNREACHABLE("an architecture");
}

/* --- the chain */
enum assay_status assay_nvidia_find_leaf(const struct assay_certificate *certificates, size_t count,
                                         const struct assay_spdm_report *report, size_t *leaf)
{
    uint8_t digest[ASSAY_SHA384_LEN];
    *leaf = count;
    assay_sha384(report->signed_part.bytes, report->signed_part.len, digest);
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const c = &certificates[i];
        if (!assay_chain_is_signer(c) || !c->has_fwid) continue;
        if (*leaf == count) {
            *leaf = i;
            continue;
        }
        /* Of several devices' the one that signed. */
        const enum assay_status status = assay_chain_signed(&c->key, digest, &report->signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status == ASSAY_OK) *leaf = i;
    }
    ASSAY_ASSERT(*leaf <= count);
    return ASSAY_OK;
}

static enum assay_status read_hand(const struct assay_package *package,
                                   const struct assay_spdm_report *report, struct hand *hand)
{
    hand->count = 0;
    for (size_t i = 0; i < package->certificate_count; i++) {
        const struct assay_slice der = package->certificates[i];
        const enum assay_status status =
            assay_x509_certificate(der.bytes, der.len, &hand->certificates[hand->count]);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK) return ASSAY_E_SYNTAX; /* every one of a chain is read */
        hand->count += 1;
    }
    return assay_nvidia_find_leaf(hand->certificates, hand->count, report, &hand->leaf);
}

static void set_places(const struct hand *hand, const struct assay_path *path,
                       struct assay_way_facts *way)
{
    ASSAY_ASSERT(path->count <= ASSAY_CHAIN_MAX);
    way->count = (uint8_t)path->count;
    for (size_t i = 0; i < path->count; i++)
        way->places[i] = (uint8_t)(path->certificates[i] - hand->certificates);
}

static void get_path(const struct hand *hand, const struct assay_way_facts *way,
                     struct assay_path *path)
{
    *path = (struct assay_path){ .count = way->count };
    for (size_t i = 0; i < way->count; i++) {
        ASSAY_ASSERT(way->places[i] < hand->count);
        path->certificates[i] = &hand->certificates[way->places[i]];
    }
}

/* The leaf, and copies of it. Claims are read without roots, so one of another number is none. */
static size_t collect_leaves(const struct hand *hand,
                             const struct assay_certificate *leaves[ASSAY_CHAIN_MAX])
{
    const struct assay_certificate *const leaf = &hand->certificates[hand->leaf];
    size_t count = 0;
    leaves[count++] = leaf;
    ASSAY_ASSERT(hand->count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < hand->count; i++) {
        const struct assay_certificate *const c = &hand->certificates[i];
        if (c == leaf || !c->has_fwid || !assay_chain_is_signer(c)) continue;
        if (assay_key_equal(&c->key, &leaf->key) &&
            assay_bytes_equal(c->serial, leaf->serial, sizeof c->serial) &&
            assay_bytes_equal(c->fwid, leaf->fwid, sizeof c->fwid))
            leaves[count++] = c;
    }
    return count;
}

/* Depends on the bytes of certificates and root alone. */
static enum assay_status prove_way(const struct hand *hand, const struct assay_key *root,
                                   struct assay_proven *proven)
{
    struct assay_way_facts *const way = &proven->facts.way;
    const struct assay_certificate *const leaf = &hand->certificates[hand->leaf];
    const struct assay_certificate *leaves[ASSAY_CHAIN_MAX];
    const struct assay_path_request request = { .leaf_count = collect_leaves(hand, leaves),
                                                .leaves = leaves,
                                                .count = hand->count,
                                                .candidates = hand->certificates,
                                                .root = root };
    struct assay_path path;
    struct assay_quote_fault fault = { .rule = ASSAY_RULE_CHAIN_CONSTRAINTS };
    bool is_sound = false;
    size_t at = 0;
    enum assay_status status = assay_path_find(&request, &path, &is_sound, &fault, &at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    way->reach = status == ASSAY_OK            ? REACH_ROOT
                 : status == ASSAY_E_NOT_FOUND ? REACH_MISSING
                                               : REACH_STRANGER;
    set_places(hand, &path, way);
    proven->root = *root;
    if (status == ASSAY_OK) {
        if (is_sound && assay_path_issued(&path, root) != ASSAY_NVIDIA_ISSUED) {
            fault =
                (struct assay_quote_fault){ ASSAY_RULE_CHAIN_CONSTRAINTS, 0,
                                            "four certificates below the root", "another number" };
            is_sound = false;
        }
        way->at = (uint8_t)at;
        if (!is_sound) {
            way->reach = REACH_WRONG;
            assay_proven_fault(proven, fault.rule, 0, fault.expected, fault.observed);
        }
    }
    status = assay_public_key_load(&leaf->key, &proven->key); /* last: the one thing to free */
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

static enum assay_status lease_way(struct assay_verifier *verifier,
                                   const struct assay_package *package, const struct hand *hand,
                                   const struct assay_evidence_request *request,
                                   const struct assay_key *root, struct assay_lease *lease)
{
    struct assay_slice pieces[ASSAY_PACKAGE_CERTIFICATES_MAX + 2];
    const uint8_t leaf = (uint8_t)hand->leaf;
    pieces[0] = assay_slice_over(root->bytes, root->len);
    pieces[1] = assay_slice_over(&leaf, 1);
    for (size_t i = 0; i < package->certificate_count; i++)
        pieces[i + 2] = package->certificates[i];
    assay_lease_open(verifier, request->kind, pieces, package->certificate_count + 2, lease);
    if (lease->proven != NULL) return ASSAY_OK;
    const enum assay_status status = prove_way(hand, root, &lease->own);
    if (status == ASSAY_OK) assay_lease_retain(lease);
    else assay_lease_close(lease);
    return status;
}

static void judge_signature(const struct assay_nvidia_appraisal *a,
                            const struct assay_proven *proven)
{
    const struct assay_spdm_report *const r = &a->report;
    uint8_t digest[ASSAY_SHA384_LEN];
    assay_sha384(r->signed_part.bytes, r->signed_part.len, digest);
    const bool ok = proven->key != NULL &&
                    assay_public_key_check(proven->key, &r->signature, digest, sizeof digest);
    assay_verdict_proof(a->verdict, ASSAY_PROOF_REPORT_SIGNATURE,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!ok)
        assay_verdict_add(a->verdict, ASSAY_RULE_REPORT_SIGNATURE,
                          (uint32_t)r->signed_part.len, /* <= 16 KiB */
                          "a signature by the key of the leaf certificate", "a wrong signature");
}

static void report_way(const struct assay_nvidia_appraisal *a, const struct hand *hand,
                       const struct assay_proven *proven)
{
    const struct assay_way_facts *const way = &proven->facts.way;
    struct assay_path path;
    get_path(hand, way, &path);
    if (way->reach == REACH_WRONG) {
        ASSAY_ASSERT(proven->fault_count > 0);
        assay_path_report(&path, &proven->faults[0], way->at, a->verdict);
        assay_verdict_proof(a->verdict, ASSAY_PROOF_CHAIN, ASSAY_PROOF_FALSE);
    } else if (way->reach == REACH_MISSING) {
        assay_verdict_add(a->verdict, ASSAY_RULE_CHAIN_MISSING, 0,
                          "the certificate of the issuer of this one",
                          path.certificates[path.count - 1]->subject_name);
    } else if (way->reach == REACH_STRANGER) {
        const struct assay_quote_fault fault = { ASSAY_RULE_CHAIN_ROOT, 0,
                                                 "a root that is pinned for this kind",
                                                 path.certificates[path.count - 1]->subject_name };
        assay_appraise_unknown_root(a->request, ASSAY_PROOF_CHAIN, &fault, a->verdict);
    }
}

/* Under the root that it leads farthest to; the signature, once. Out: a->root, a->path, when there
 * is a way. */
static enum assay_status judge_chain(struct assay_nvidia_appraisal *a,
                                     struct assay_verifier *verifier,
                                     const struct assay_package *package, const struct hand *hand)
{
    const struct assay_endorsements *const all = a->request->endorsements;
    const struct assay_endorsement *best = NULL;
    struct assay_lease lease;
    uint8_t reach = REACH_NOTHING;
    for (size_t i = 0; i < all->count && reach != REACH_ROOT; i++) {
        const struct assay_endorsement *const e = &all->entries[i];
        if ((e->kinds & ASSAY_KIND_BIT(a->request->kind)) == 0) continue;
        ASSAY_TRY(lease_way(verifier, package, hand, a->request, &e->root, &lease));
        if (lease.proven->facts.way.reach > reach) {
            reach = lease.proven->facts.way.reach;
            best = e;
        }
        assay_lease_close(&lease);
    }
    if (best == NULL) {
        assay_verdict_add(a->verdict, ASSAY_RULE_ROOT_MISSING, 0,
                          "a root that may vouch for this kind", "none");
        return ASSAY_OK;
    }
    ASSAY_TRY(lease_way(verifier, package, hand, a->request, &best->root, &lease));
    judge_signature(a, lease.proven);
    report_way(a, hand, lease.proven);
    if (reach == REACH_ROOT) {
        get_path(hand, &lease.proven->facts.way, &a->path);
        a->root = &best->root;
        a->has_device = true;
        assay_verdict_proof(a->verdict, ASSAY_PROOF_CHAIN, ASSAY_PROOF_TRUE);
    }
    assay_lease_close(&lease);
    return ASSAY_OK;
}

enum assay_status assay_nvidia_judge_revocation(const struct assay_evidence_request *request,
                                                const struct assay_path *path,
                                                const struct assay_key *root, uint32_t wanted,
                                                struct assay_verdict *verdict)
{
    uint32_t covered = 0;
    ASSAY_TRY(assay_ocsp_check(request, path, root, verdict, &covered));
    /* Of a device: manifests are not made for a request. */
    if (request->ocsp_nonce.len > 0 && wanted == OF_DEVICE && covered == 0)
        assay_verdict_add(verdict, ASSAY_RULE_OCSP_NONCE, 0, "the nonce of the request",
                          "no OCSP response about the device");
    /* Lists are looked at all the same: one of them may revoke. */
    return assay_revocation_check(request, path, root, wanted & ~covered, verdict);
}

/* --- the device */
/* Absent in reports of older drivers. */
static void judge_firmware(const struct assay_nvidia_appraisal *a,
                           const struct assay_certificate *leaf)
{
    const struct assay_slice said = a->report.fields[ASSAY_SPDM_FWID];
    if (!a->report.has_field[ASSAY_SPDM_FWID]) return;
    ASSAY_ASSERT(said.len == ASSAY_FWID_LEN && leaf->has_fwid);
    const bool ok = assay_bytes_equal(said.bytes, leaf->fwid, said.len);
    assay_verdict_proof(a->verdict, ASSAY_PROOF_FIRMWARE_ID,
                        ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (ok) return;
    struct assay_text expected = assay_text_empty(), observed = assay_text_empty();
    assay_text_add_hex(&expected, leaf->fwid, sizeof leaf->fwid);
    assay_text_add_hex(&observed, said.bytes, said.len);
    assay_verdict_add(a->verdict, ASSAY_RULE_FIRMWARE_ID, a->report.offset_opaque, expected.text,
                      observed.text);
}

static void add_accepted(struct assay_text *text, const char *name)
{
    if (text->len > 0) assay_text_add(text, ", ");
    assay_text_add(text, name);
}

static void refuse_architecture(const struct assay_nvidia_appraisal *a)
{
    struct assay_text accepted = assay_text_empty();
    for (unsigned i = 0; i < ASSAY_GPU_ARCHITECTURES; i++)
        if ((a->request->policy->gpu.architectures >> i & 1u) != 0)
            add_accepted(&accepted, assay_gpu_architecture_name((enum assay_gpu_architecture)i));
    assay_verdict_add(a->verdict, ASSAY_RULE_GPU_ARCHITECTURE, 0, accepted.text,
                      assay_gpu_architecture_name(a->architecture));
}

/* A certificate of a switch does not make a GPU. Returns: false for an unknown architecture. */
static bool judge_architecture(struct assay_nvidia_appraisal *a)
{
    const char *const name = a->path.certificates[DEVICE]->subject_name;
    const bool is_switch = a->request->kind == ASSAY_KIND_NVIDIA_SWITCH;
    if (assay_nvidia_architecture(name, &a->architecture) != ASSAY_OK) {
        assay_verdict_add(a->verdict, ASSAY_RULE_UNSUPPORTED, 0,
                          "a device of Hopper (GH100), Blackwell (GB100, GB20x) or LS10", name);
        return false;
    }
    if ((a->architecture == ASSAY_GPU_LS10) != is_switch)
        assay_verdict_add(a->verdict, ASSAY_RULE_CHAIN_CONSTRAINTS, 0,
                          is_switch ? "a certificate of a switch" : "a certificate of a GPU", name);
    if ((a->request->policy->gpu.architectures >> a->architecture & 1u) == 0)
        refuse_architecture(a);
    return true;
}

static void judge_mode(const struct assay_nvidia_appraisal *a)
{
    const enum assay_gpu_mode mode = assay_spdm_mode(&a->report);
    struct assay_text accepted = assay_text_empty();
    if (a->request->kind == ASSAY_KIND_NVIDIA_SWITCH) return;
    if ((a->request->policy->gpu.modes >> mode & 1u) != 0) return;
    for (unsigned i = 0; i < ASSAY_GPU_MODES; i++)
        if ((a->request->policy->gpu.modes >> i & 1u) != 0)
            add_accepted(&accepted, assay_gpu_mode_name((enum assay_gpu_mode)i));
    assay_verdict_add(a->verdict, ASSAY_RULE_GPU_MODE, a->report.offset_opaque, accepted.text,
                      assay_gpu_mode_name(mode));
}

static void judge_driver(const struct assay_nvidia_appraisal *a)
{
    static const struct assay_gpu_version none = { { 0 } };
    const struct assay_gpu_version *const least = &a->request->policy->gpu.driver_min;
    const char *const said = a->report.driver;
    struct assay_gpu_version version = none;
    struct assay_text expected = assay_text_empty();
    if (a->request->kind == ASSAY_KIND_NVIDIA_SWITCH) return;
    if (assay_gpu_version_compare(least, &none) == 0) return;
    if (assay_gpu_version_parse(said, assay_text_len(said, ASSAY_SPDM_TEXT_MAX), &version) ==
            ASSAY_OK &&
        assay_gpu_version_compare(&version, least) >= 0)
        return;
    assay_text_add(&expected, "at least ");
    for (size_t i = 0; i < ASSAY_GPU_VERSION_PARTS; i++) {
        if (i > 0) assay_text_add(&expected, ".");
        assay_text_add_u64(&expected, least->parts[i]);
    }
    assay_verdict_add(a->verdict, ASSAY_RULE_GPU_DRIVER, a->report.offset_opaque, expected.text,
                      said);
}

static void add_firmware(struct assay_text *text, const struct assay_gpu_firmware *version)
{
    for (size_t i = 0; i < ASSAY_GPU_FIRMWARE_PARTS; i++) {
        if (i > 0) assay_text_add(text, ".");
        assay_text_add_hex(text, &version->parts[i], 1);
    }
}

static void judge_version(const struct assay_nvidia_appraisal *a)
{
    const struct assay_gpu_rules *const rules = &a->request->policy->gpu;
    const char *const said = a->report.vbios;
    const struct assay_gpu_firmware *least = NULL;
    struct assay_gpu_firmware version;
    struct assay_text expected = assay_text_empty();
    if (rules->firmware_count == 0) return;
    if (assay_gpu_firmware_parse(said, assay_text_len(said, ASSAY_SPDM_TEXT_MAX), &version) ==
        ASSAY_OK)
        least = assay_gpu_firmware_least(rules, &version);
    if (least != NULL && assay_gpu_firmware_compare(&version, least) >= 0) return;
    assay_text_add(&expected, least != NULL ? "at least " : "a family of gpu_firmware_min");
    if (least != NULL) add_firmware(&expected, least);
    assay_verdict_add(a->verdict, ASSAY_RULE_GPU_FIRMWARE, a->report.offset_opaque, expected.text,
                      said);
}

/* docs/protocol.md 6.2: a device is its own key, which no firmware changes. */
static void name_platform(const struct assay_nvidia_appraisal *a)
{
    struct assay_verdict *const v = a->verdict;
    if (assay_verdict_has_class(v, ASSAY_RULE_FORGED)) return;
    assay_key_name(a->root, v->vendor_root);
    const struct assay_slice pieces[] = {
        assay_slice_over(v->vendor_root, 32),
        assay_slice_over(a->path.certificates[DEVICE]->key_name, ASSAY_SHA256_LEN),
    };
    assay_sha256_pieces(pieces, 2, v->platform_id);
    v->has_platform = true;
}

static enum assay_status judge_device(struct assay_nvidia_appraisal *a)
{
    ASSAY_ASSERT(a->path.count >= ASSAY_NVIDIA_ISSUED);
    judge_firmware(a, a->path.certificates[0]);
    assay_path_windows(&a->path, a->verdict);
    ASSAY_TRY(assay_nvidia_judge_revocation(a->request, &a->path, a->root, OF_DEVICE, a->verdict));
    if (!judge_architecture(a)) return ASSAY_OK;
    judge_mode(a);
    judge_driver(a);
    judge_version(a);
    ASSAY_TRY(assay_nvidia_judge_golden(a));
    name_platform(a);
    return ASSAY_OK;
}

/* The challenge is the requester's nonce; the responder's is random and answers nothing. */
static void set_claims(const struct assay_nvidia_appraisal *a)
{
    struct assay_verdict *const v = a->verdict;
    const struct assay_slice fwid = a->report.fields[ASSAY_SPDM_FWID];
    assay_bytes_copy(v->report_data, sizeof v->report_data, a->report.nonce,
                     sizeof a->report.nonce);
    if (a->report.has_field[ASSAY_SPDM_FWID])
        assay_bytes_copy(v->measurement, sizeof v->measurement, fwid.bytes, fwid.len);
    v->measurement_len = (uint32_t)fwid.len; /* 48 or 0 */
    v->has_claims = true;
}

static enum assay_status verify_report(const struct assay_kind *kind,
                                       struct assay_verifier *verifier,
                                       const struct assay_evidence_request *request,
                                       struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->kind == kind->kind);
    struct assay_package package;
    struct assay_nvidia_appraisal a = { .request = request, .verdict = verdict };
    struct hand hand;
    assay_verdict_proof(verdict, ASSAY_PROOF_REPORT_SIGNATURE, ASSAY_PROOF_UNKNOWN);
    assay_verdict_proof(verdict, ASSAY_PROOF_CHAIN, ASSAY_PROOF_UNKNOWN);
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    a.main = package.main;
    ASSAY_TRY(assay_spdm_parse(package.main.bytes, package.main.len, &a.report));
    if (a.report.is_switch != (kind->kind == ASSAY_KIND_NVIDIA_SWITCH)) return ASSAY_E_INVALID;
    ASSAY_TRY(read_hand(&package, &a.report, &hand));
    set_claims(&a);
    if ((request->policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    if (hand.leaf == hand.count)
        assay_verdict_add(verdict, ASSAY_RULE_KEY_MISSING, 0,
                          "the certificate of the key that signs reports", "none");
    else ASSAY_TRY(judge_chain(&a, verifier, &package, &hand));
    if (a.has_device) ASSAY_TRY(judge_device(&a));
    verdict->appraised = true;
    return ASSAY_OK;
}

/* --- the rows */
/* What follows the report is zero: attesters that hand over the driver's whole buffer. */
static enum assay_status get_length(const uint8_t *bytes, size_t len, size_t *declared)
{
    size_t found = 0;
    ASSAY_TRY(assay_spdm_length(bytes, len, &found));
    if (!assay_bytes_all_zero(bytes + found, len - found)) return ASSAY_E_TRAILING;
    *declared = found;
    return ASSAY_OK;
}

static bool is_switch(const uint8_t *bytes, size_t len)
{
    struct assay_spdm_report r;
    size_t declared = 0;
    return assay_spdm_looks(bytes, len) && assay_spdm_length(bytes, len, &declared) == ASSAY_OK &&
           assay_spdm_parse(bytes, declared, &r) == ASSAY_OK && r.is_switch;
}

/* An unreadable one is taken for a GPU's, whose appraisal reports the reason. */
static bool is_gpu(const uint8_t *bytes, size_t len)
{
    return assay_spdm_looks(bytes, len) && !is_switch(bytes, len);
}

struct assay_kind assay_kind_nvidia_gpu(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_NVIDIA_GPU,
        .what = "a measurement report of an NVIDIA GPU",
        .pieces = ASSAY_PIECE_CERTIFICATES,
        .speaks_of = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(CONFIGURATION) |
                     ASSAY_CLAIM_BIT(EXECUTABLES) | ASSAY_CLAIM_BIT(HARDWARE),
        /* Driver and firmware measure as published; how the device is set up is not proven. */
        .affirms = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(HARDWARE),
        .proofs = ASSAY_PROOF_BIT(REPORT_SIGNATURE) | ASSAY_PROOF_BIT(CHAIN) |
                  ASSAY_PROOF_BIT(FIRMWARE_ID) | ASSAY_PROOF_BIT(DRIVER_RIM) |
                  ASSAY_PROOF_BIT(VBIOS_RIM),
        .detect = is_gpu,
        .length = get_length,
        .verify = verify_report,
    };
}

struct assay_kind assay_kind_nvidia_switch(void)
{
    struct assay_kind row = assay_kind_nvidia_gpu();
    row.kind = ASSAY_KIND_NVIDIA_SWITCH;
    row.what = "a measurement report of an NVIDIA NVSwitch";
    row.proofs &= ~(uint32_t)ASSAY_PROOF_BIT(DRIVER_RIM);
    row.detect = is_switch;
    return row;
}
