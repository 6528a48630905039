/*
 * quote/api/verifier.c - verifier on the heap, evidence in pieces, and the appraisal call.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "quote/pieces/assemble.h"
#include "quote/pieces/carrier.h"
#include "quote/result/challenge.h"
#include "quote/verify.h"

#include <stdlib.h>

_Static_assert(ASSAY_VERIFIER_PLATFORMS_MAX == ASSAY_VERIFIER_ENTRIES_MAX, "one bound");
_Static_assert(ASSAY_VERIFIER_TABLES_MAX == ASSAY_VERIFIER_TABLED_MAX, "one bound");
_Static_assert(ASSAY_EVIDENCE_BYTES_MAX == ASSAY_COMPOSITE_LEN_MAX, "one bound");
_Static_assert(ASSAY_LOGS_MAX == ASSAY_EVENTLOGS_MAX, "one bound");
_Static_assert(ASSAY_LOG_BYTES_MAX == ASSAY_EVENTLOG_LEN_MAX, "one bound");

/* In front of the verifier's memory: how long it is. */
union prefix {
    size_t len;
    max_align_t alignment;
};

enum assay_status assay_verifier_create(size_t platforms, struct assay_verifier **verifier)
{
    if (verifier == NULL) return ASSAY_E_INVALID;
    if (platforms < 1 || platforms > ASSAY_VERIFIER_ENTRIES_MAX) return ASSAY_E_RANGE;
    const size_t len = assay_verifier_size(platforms);
    union prefix *const block = malloc(sizeof *block + len);
    if (block == NULL) return ASSAY_E_MEMORY;
    block->len = len;
    struct assay_verifier *made = NULL;
    const enum assay_status status = assay_verifier_init(block + 1, len, platforms, &made);
    if (status != ASSAY_OK) {
        free(block);
        return status;
    }
    ASSAY_ASSERT((void *)made == (void *)(block + 1)); /* destroy finds the block by it */
    assay_verifier_limit_tables(made, ASSAY_VERIFIER_TABLES);
    *verifier = made;
    return ASSAY_OK;
}

void assay_verifier_destroy(struct assay_verifier **verifier)
{
    if (verifier == NULL || *verifier == NULL) return;
    union prefix *const block = (union prefix *)(void *)*verifier - 1;
    assay_verifier_deinit(verifier);
    ASSAY_ASSERT(*verifier == NULL);
    free(block);
}

enum assay_status assay_verifier_set_tables(struct assay_verifier *verifier, size_t tables)
{
    if (verifier == NULL) return ASSAY_E_INVALID;
    if (tables > ASSAY_VERIFIER_TABLES_MAX) return ASSAY_E_RANGE;
    assay_verifier_limit_tables(verifier, tables);
    return ASSAY_OK;
}

enum assay_status assay_verifier_get_counters(const struct assay_verifier *verifier,
                                              struct assay_counters *counters)
{
    struct assay_verifier_counts counts;
    if (counters == NULL || counters->size < sizeof *counters) return ASSAY_E_INVALID;
    *counters = (struct assay_counters){ .size = sizeof *counters };
    if (verifier == NULL) return ASSAY_OK;
    assay_verifier_count(verifier, &counts);
    ASSAY_ASSERT(counts.entries_used <= ASSAY_VERIFIER_ENTRIES_MAX);
    counters->hits = counts.hits;
    counters->misses = counts.misses;
    counters->evictions = counts.evictions;
    counters->platforms = counts.entries_used;
    counters->memory_bytes =
        counts.key_bytes + ((const union prefix *)(const void *)verifier - 1)->len;
    return ASSAY_OK;
}

/* --- evidence */
enum assay_status assay_evidence_recognise(const uint8_t *bytes, size_t len,
                                           enum assay_evidence_kind *kind)
{
    if ((bytes == NULL && len > 0) || kind == NULL) return ASSAY_E_INVALID;
    return assay_evidence_detect(bytes, len, kind);
}

static bool is_missing(struct assay_bytes bytes)
{
    return bytes.bytes == NULL && bytes.len > 0;
}

/* Bytes without a length: a challenge that got lost on its way, which is no request for none. */
static bool is_lost(struct assay_bytes challenge)
{
    return challenge.bytes != NULL && challenge.len == 0;
}

static struct assay_slice slice_of(struct assay_bytes bytes)
{
    return assay_slice_over(bytes.bytes, bytes.len);
}

/* Whether a piece has a length and no bytes. */
static bool is_any_missing(const struct assay_evidence_piece_list *pieces)
{
    for (size_t i = 0; i < pieces->certificate_count; i++)
        if (is_missing(pieces->certificates[i])) return true;
    return is_missing(pieces->signature) || is_missing(pieces->pcrs) || is_missing(pieces->key) ||
           is_missing(pieces->hardware) || is_missing(pieces->activation) ||
           is_missing(pieces->report_data) || is_missing(pieces->quote);
}

enum assay_status assay_evidence_pack(enum assay_evidence_kind kind,
                                      const struct assay_evidence_piece_list *pieces,
                                      uint8_t *buffer, size_t capacity, size_t *len)
{
    struct assay_slice out;
    if (pieces == NULL || buffer == NULL || len == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_api_check_size(pieces, sizeof *pieces, pieces->size));
    if (pieces->main.bytes == NULL || pieces->main.len == 0) return ASSAY_E_INVALID;
    if (kind == ASSAY_KIND_NONE || (unsigned)kind >= ASSAY_KIND_COUNT) return ASSAY_E_INVALID;
    if (pieces->certificate_count > ASSAY_PACKAGE_CERTIFICATES_MAX) return ASSAY_E_RANGE;
    if (pieces->certificate_count > 0 && pieces->certificates == NULL) return ASSAY_E_INVALID;
    if (is_any_missing(pieces)) return ASSAY_E_INVALID;
    struct assay_package package = {
        .kind = kind,
        .main = slice_of(pieces->main),
        .certificate_count = pieces->certificate_count,
        .signature = slice_of(pieces->signature),
        .pcrs = slice_of(pieces->pcrs),
        .key = slice_of(pieces->key),
        .hardware = slice_of(pieces->hardware),
        .activation = slice_of(pieces->activation),
        .report_data = slice_of(pieces->report_data),
        .quote = slice_of(pieces->quote),
    };
    for (size_t i = 0; i < pieces->certificate_count; i++)
        package.certificates[i] = slice_of(pieces->certificates[i]);
    /* Main bytes that are a package already would come back as another one. */
    enum assay_evidence_kind inner = ASSAY_KIND_NONE;
    if (assay_package_detect(package.main.bytes, package.main.len, &inner)) return ASSAY_E_INVALID;
    if (!assay_package_fits(&package)) return ASSAY_E_INVALID;
    struct assay_writer w = assay_writer_over(buffer, capacity);
    assay_package_encode(&package, &w);
    const enum assay_status status = assay_writer_finish(&w, &out);
    if (status != ASSAY_OK) return status;
    ASSAY_ASSERT(out.len <= capacity);
    *len = out.len;
    return ASSAY_OK;
}

/* Bytes that no kind can read: a verdict like any other, made without the kind's help. */
static void set_malformed_verdict(const struct assay_policy *policy, enum assay_evidence_kind kind,
                                  int64_t at_unix_s, enum assay_status status,
                                  struct assay_verdict *verdict)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    const bool unsupported = status == ASSAY_E_UNSUPPORTED;
    assay_verdict_init(verdict, kind, at_unix_s);
    verdict->insecure = policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    assay_verdict_add(verdict, unsupported ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT, 0,
                      unsupported ? "a supported version and type" : "well-formed evidence",
                      assay_status_text(status));
    assay_verdict_conclude(verdict);
    ASSAY_ASSERT(verdict->genuine != ASSAY_GENUINE_TRUE);
}

/* Malformed evidence has its verdict; only the host's own failure is no answer. */
static enum assay_status appraise_evidence(struct assay_verifier *verifier,
                                           const struct assay_evidence_request *request,
                                           struct assay_verdict *verdict)
{
    const enum assay_status status = assay_evidence_verify(verifier, request, verdict);
    ASSAY_ASSERT(status == ASSAY_OK || verdict->genuine != ASSAY_GENUINE_TRUE);
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* With what the evidence itself picks out of the sets. */
static enum assay_status choose_and_judge(struct assay_verifier *verifier,
                                          const struct assay_trust *trust,
                                          const struct assay_evidence_request *request,
                                          struct assay_verdict *verdict)
{
    struct assay_evidence_request own = *request;
    struct assay_chosen chosen;
    own.endorsements = &chosen.all;
    enum assay_status status =
        assay_api_choose(trust, request->kind, assay_slice_over(request->bytes, request->len),
                         request->at_unix_s, &chosen);
    if (status == ASSAY_OK) status = appraise_evidence(verifier, &own, verdict);
    assay_api_chosen_free(&chosen);
    ASSAY_ASSERT(chosen.own_count == 0);
    return status;
}

/* Is a piece of the set to blame, and not the evidence? A set of one family has its bundle once and
 * for all, without a look at the authority of this evidence (evidence-rules.md 1.15.6: a piece of
 * another authority is as if it were not there). What is missing is named by the choice. */
static bool blames_collateral(const struct assay_verdict *verdict)
{
    static const enum assay_rule rules[] = {
        ASSAY_RULE_COLLATERAL_CHAIN,
        ASSAY_RULE_TCB_INFO_SIGNATURE,
        ASSAY_RULE_QE_IDENTITY_SIGNATURE,
        ASSAY_RULE_CRL_SIGNATURE,
        ASSAY_RULE_CRL_ISSUER,
        ASSAY_RULE_COLLATERAL_MISSING,
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (assay_verdict_has(verdict, rules[i])) return true;
    return false;
}

static enum assay_status appraise_with_sets(struct assay_verifier *verifier,
                                            const struct assay_trust *trust,
                                            const struct assay_evidence_request *request,
                                            struct assay_verdict *verdict)
{
    if (!assay_api_must_choose(trust, request->kind)) {
        ASSAY_TRY(appraise_evidence(verifier, request, verdict));
        if ((ASSAY_API_KINDS_INTEL & ASSAY_KIND_BIT(request->kind)) == 0 ||
            !blames_collateral(verdict))
            return ASSAY_OK;
    }
    return choose_and_judge(verifier, trust, request, verdict);
}

/* --- the request */

/* The longest one that a later version could have: what is longer was never set. */
enum { REQUEST_SIZE_MAX = 4096 };

enum assay_status assay_api_check_size(const void *request, size_t known, size_t size)
{
    ASSAY_ASSERT(request != NULL);
    if (size < known || size > REQUEST_SIZE_MAX) return ASSAY_E_INVALID;
    return assay_bytes_all_zero((const uint8_t *)request + known, size - known)
               ? ASSAY_OK
               : ASSAY_E_UNSUPPORTED;
}

/* What is misused in a request. Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_RANGE */
static enum assay_status check_request(const struct assay_verify_request *request)
{
    if (request->trust == NULL) return ASSAY_E_INVALID;
    if (is_missing(request->evidence) || is_missing(request->expected_report_data) ||
        is_missing(request->expected_nonce))
        return ASSAY_E_INVALID;
    if (is_lost(request->expected_report_data) || is_lost(request->expected_nonce))
        return ASSAY_E_RANGE;
    if (request->expected_report_data.len > 0 &&
        !assay_challenge_fits_report_data(slice_of(request->expected_report_data)))
        return ASSAY_E_RANGE;
    if (request->expected_nonce.len > 0 &&
        !assay_challenge_fits_nonce(slice_of(request->expected_nonce)))
        return ASSAY_E_RANGE;
    if ((unsigned)request->kind >= ASSAY_KIND_COUNT) return ASSAY_E_INVALID;
    if (request->log_count > ASSAY_EVENTLOGS_MAX) return ASSAY_E_RANGE;
    if (request->logs == NULL && request->log_count > 0) return ASSAY_E_INVALID;
    for (size_t i = 0; i < request->log_count; i++)
        if (is_missing(request->logs[i])) return ASSAY_E_INVALID;
    return ASSAY_OK;
}

/* --- the answer */

/* Evidence by itself, or out of the certificate or wrapper that was given; only these need memory.
 * Out:     *room, to be freed; *evidence
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | why the carrier cannot be read */
static enum assay_status open_carrier(struct assay_slice given, uint8_t **room,
                                      struct assay_carrier *carrier, struct assay_slice *evidence)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const size_t room_len = assay_carrier_room(given.len);
    *evidence = given;
    *carrier = (struct assay_carrier){ .form = ASSAY_CARRIER_NONE };
    if (!assay_carrier_looks(given)) return ASSAY_OK;
    if (assay_evidence_detect(given.bytes, given.len, &kind) == ASSAY_OK) return ASSAY_OK;
    ASSAY_ASSERT(room_len > 0); /* what looks like one is not empty */
    *room = malloc(room_len);
    if (*room == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_carrier_open(given, *room, room_len, carrier);
    if (status == ASSAY_OK) *evidence = carrier->evidence;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

/* Bare evidence with its pieces; the object keeps what was appraised, for its claims.
 * In, out: *malformed: of reading what it came in, then of reading the evidence
 * Returns: as assay_verify */
static enum assay_status judge_evidence(const struct assay_verify_request *request,
                                        struct assay_slice evidence,
                                        const struct assay_policy *policy,
                                        struct assay_api_verdict *v, enum assay_status *malformed)
{
    struct assay_slice logs[ASSAY_EVENTLOGS_MAX];
    for (size_t i = 0; i < request->log_count; i++)
        logs[i] = slice_of(request->logs[i]);
    const struct assay_trust *const trust = request->trust;
    struct assay_assembly whole = { .evidence = evidence };
    struct assay_evidence_request inner = {
        .kind = request->kind,
        .bytes = evidence.bytes,
        .len = evidence.len,
        .at_unix_s = request->at_unix_s,
        .endorsements = &trust->endorsements,
        .policy = policy,
        .logs = logs,
        .log_count = request->log_count,
        .log_report = request->log_report,
    };
    if (*malformed == ASSAY_OK && inner.kind == ASSAY_KIND_NONE)
        *malformed = assay_evidence_detect(inner.bytes, inner.len, &inner.kind);
    if (*malformed == ASSAY_OK)
        *malformed = assay_evidence_length(inner.kind, inner.bytes, inner.len, &inner.len);
    if (*malformed != ASSAY_OK) {
        set_malformed_verdict(policy, inner.kind, inner.at_unix_s, *malformed, &v->verdict);
        return ASSAY_OK;
    }
    /* What is there if the host fails. */
    assay_verdict_init(&v->verdict, inner.kind, inner.at_unix_s);
    ASSAY_ASSERT(inner.len > 0 && inner.len <= evidence.len);
    whole.evidence.len = inner.len;
    if (trust->piece_count > 0)
        ASSAY_TRY(assay_assemble(trust->pieces, trust->leads, trust->piece_count, inner.kind,
                                 whole.evidence, NULL, &whole));
    inner.bytes = whole.evidence.bytes;
    inner.len = whole.evidence.len;
    const enum assay_status status =
        appraise_with_sets(request->verifier, trust, &inner, &v->verdict);
    if (status == ASSAY_OK && inner.len <= sizeof v->evidence) {
        assay_bytes_copy(v->evidence, sizeof v->evidence, inner.bytes, inner.len);
        v->evidence_len = inner.len;
    }
    return status;
}

/* As judge_evidence; the certificate, if it came in one, is appraised after it. */
static enum assay_status judge_request(const struct assay_verify_request *request,
                                       const struct assay_policy *policy,
                                       struct assay_api_verdict *v, enum assay_status *malformed)
{
    uint8_t *room = NULL;
    struct assay_carrier carrier;
    struct assay_slice evidence;
    *malformed = open_carrier(slice_of(request->evidence), &room, &carrier, &evidence);
    enum assay_status status = *malformed;
    if (status != ASSAY_E_MEMORY) status = judge_evidence(request, evidence, policy, v, malformed);
    if (status == ASSAY_OK && *malformed == ASSAY_OK)
        status = assay_carrier_appraise(&carrier, &v->verdict);
    v->is_issued = assay_carrier_is_issued(&carrier);
    free(room);
    return status;
}

/* The claim "nonce"; empty where the evidence has none. Returns: ASSAY_OK | of the host */
static enum assay_status read_nonce(struct assay_api_verdict *v, struct assay_slice *nonce)
{
    const enum assay_status status = assay_api_verdict_read(v);
    *nonce = (struct assay_slice){ NULL, 0 };
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    const struct assay_claim_entry *const claim =
        status == ASSAY_OK ? assay_claims_find(v->claims, "nonce") : NULL;
    if (claim != NULL && claim->type == ASSAY_CLAIM_BYTES) *nonce = claim->bytes;
    return ASSAY_OK;
}

/* Challenge and what was not checked. Returns: ASSAY_OK | of the host */
static enum assay_status judge_challenge(const struct assay_verify_request *request, bool is_read,
                                         struct assay_api_verdict *v)
{
    const bool has_data = request->expected_report_data.len > 0;
    const bool has_nonce = request->expected_nonce.len > 0;
    if (has_data)
        assay_challenge_report_data(&v->verdict, slice_of(request->expected_report_data), is_read);
    if (has_nonce && is_read) {
        struct assay_slice nonce;
        ASSAY_TRY(read_nonce(v, &nonce));
        assay_challenge_nonce(&v->verdict, slice_of(request->expected_nonce), nonce);
    }
    if (!v->verdict.has_claims) return ASSAY_OK;
    if (!has_data && !has_nonce)
        v->unchecked[v->unchecked_count++] = (struct assay_open_check){
            "freshness", "no report data and no nonce were expected: this may be a recording"
        };
    if (v->is_issued)
        v->unchecked[v->unchecked_count++] =
            (struct assay_open_check){ "certificate", ASSAY_CARRIER_ISSUED_TEXT };
    v->unchecked_count +=
        assay_unchecked_list(&v->verdict, request->policy, v->unchecked + v->unchecked_count);
    ASSAY_ASSERT(v->unchecked_count <= ASSAY_UNCHECKED_MAX + 2);
    return ASSAY_OK;
}

static enum assay_status verify_into(const struct assay_verify_request *request,
                                     struct assay_api_verdict *v, enum assay_tier *tier)
{
    struct assay_policy usual;
    enum assay_status malformed = ASSAY_OK;
    if (request->policy == NULL) assay_policy_default(&usual);
    if (request->policy == NULL) assay_gpu_rules_accept_devices(&usual.gpu);
    if (request->log_report != NULL) assay_eventlog_report_init(request->log_report);
    assay_api_verdict_clear(v);
    enum assay_status status =
        judge_request(request, request->policy == NULL ? &usual : request->policy, v, &malformed);
    if (status == ASSAY_OK) status = judge_challenge(request, malformed == ASSAY_OK, v);
    if (status != ASSAY_OK) {
        /* The host failed: nothing of a half-made answer is left. */
        const enum assay_evidence_kind kind = v->verdict.kind;
        assay_api_verdict_clear(v);
        assay_verdict_init(&v->verdict, kind, request->at_unix_s);
        return status;
    }
    *tier = assay_verdict_get_tier(&v->verdict);
    return ASSAY_OK;
}

enum assay_status assay_verify(const struct assay_verify_request *request,
                               struct assay_verdict *verdict, enum assay_tier *tier)
{
    struct assay_verdict *own = verdict;
    /* What an earlier call found is gone, whatever comes of this one. */
    if (verdict != NULL) assay_api_verdict_clear((struct assay_api_verdict *)(void *)verdict);
    if (tier == NULL) return ASSAY_E_INVALID;
    *tier = ASSAY_TIER_NONE;
    if (request == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_api_check_size(request, sizeof *request, request->size));
    ASSAY_TRY(check_request(request));
    if (verdict == NULL) ASSAY_TRY(assay_verdict_create(&own));
    const enum assay_status status =
        verify_into(request, (struct assay_api_verdict *)(void *)own, tier);
    if (verdict == NULL) assay_verdict_destroy(&own);
    ASSAY_ASSERT(status == ASSAY_OK || *tier == ASSAY_TIER_NONE);
    return status;
}
