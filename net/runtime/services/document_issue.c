/*
 * net/runtime/services/document_issue.c - documents `certificate` and `token`: what the network
 * issues for a workload key, through the holder's process of this node (docs/identity.md 4.18).
 *
 *   certificate NAME|SLOT|ID KEY | token NAME|SLOT|ID KEY AUDIENCE
 *
 * Requests for keys that the ledger does not have active are refused here, so the holder's process
 * receives none of them. Work is started, and the answer is that it is at work; the client asks
 * again.
 */
#include "base/base64.h"
#include "net/documents/document.h"
#include "net/documents/document_services.h"
#include "net/documents/key_verdict.h"
#include "net/json/json.h"
#include "net/runtime/runtime_internal.h"

#include <stdio.h>
#include <string.h>

enum { WAIT_MS = 1000, AT_WORK = 202, ISSUED = 200 };

struct wanted {
    bool is_token;
    uint16_t slot;
    struct assay_issuance_name name;
    char fault[256]; /* why its entry is not active, where it names the key */
};

/* ------------------------------------------------------------ refusals */

/* Out: the code of assay.error for what the ledger says of a key; NULL: it is active. */
static const char *code_of_verdict(enum assay_authz_verdict verdict)
{
    switch (verdict) {
    case ASSAY_KEY_ACTIVE: return NULL;
    case ASSAY_KEY_STALE:
    case ASSAY_KEY_NOT_BOUND:
    case ASSAY_KEY_NOT_CERTIFIED: return "next_epoch";
    case ASSAY_KEY_WITHDRAWN:
    case ASSAY_KEY_OTHER_PURPOSE:
    case ASSAY_KEY_OTHER_MEMBER:
    case ASSAY_KEY_OTHER_SERVICE:
    case ASSAY_KEY_UNKNOWN: return "not_found";
    case ASSAY_KEY_MAINTENANCE:
    case ASSAY_KEY_BELOW_THRESHOLD:
    case ASSAY_KEY_SUSPENDED:
    case ASSAY_KEY_DRAINED: return "below_threshold";
    case ASSAY_KEY_FENCED: return "fenced";
    case ASSAY_KEY_STARTING:
    case ASSAY_KEY_NO_MEMORY:
    case ASSAY_KEY_STALLED:
    case ASSAY_KEY_CATCHING_UP:
    case ASSAY_KEY_BEHIND:
    case ASSAY_KEY_HEAD_OLD:
    case ASSAY_KEY_LISTS_MISSING:
    case ASSAY_KEY_VERDICTS: break;
    }
    return "stale";
}

static char *refuse_later(struct assay_runtime *runtime, const char *code, const char *detail,
                          uint64_t wait_s)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "code", code);
    assay_json_set_text(data, "detail", detail);
    assay_json_set_uint(data, "retry_after_s", wait_s);
    return document_finish(runtime, "assay.error", data);
}

/* What passes: the next epoch, or sooner. */
static char *refuse_issue(struct assay_runtime *runtime, const char *code, const char *detail)
{
    const uint64_t epoch_s = (runtime->snapshot.epoch_ms + 999) / 1000;
    if (strcmp(code, "next_epoch") == 0)
        return refuse_later(runtime, code, detail, epoch_s > 0 ? epoch_s : 1);
    if (strcmp(code, "below_threshold") == 0 || strcmp(code, "not_found") == 0 ||
        strcmp(code, "audience") == 0)
        return document_error(runtime, code, detail);
    return refuse_later(runtime, code, detail, 1);
}

/* ------------------------------------------------------------ the ledger decides first */

static bool has_audience(const struct assay_declared_key *key, const char *audience)
{
    const struct assay_slice wanted = assay_slice_over(audience, strlen(audience));
    for (uint32_t i = 0; i < key->audience_count; i++)
        if (assay_slice_equal(key->audiences[i], wanted)) return true;
    return false;
}

/* The member's entry of this name. Returns: false: its lists have none. */
static bool find_listing(const struct assay_snapshot *s, const struct wanted *wanted,
                         struct assay_authz_listing *found)
{
    const enum assay_declared_purpose purpose =
        wanted->is_token ? ASSAY_PURPOSE_TOKEN : ASSAY_PURPOSE_TLS;
    const struct assay_slice name = assay_slice_over(wanted->name.name, strlen(wanted->name.name));
    struct assay_authz_listing listing;
    uint32_t at = 0;
    bool is_found = false;
    while (assay_authz_listing_next(s, wanted->slot, &at, &listing)) {
        if (listing.key->purpose != purpose || !assay_slice_equal(listing.key->name, name))
            continue;
        /* A list that replaces the key under its name leaves two; the certified one counts. */
        if (!is_found || listing.is_certified) *found = listing;
        is_found = true;
    }
    return is_found;
}

static const char *describe_missing(struct wanted *wanted)
{
    const char *const name = wanted->name.name;
    /* Other names than those of keys (docs/identity.md 6.2) are not repeated. */
    const bool is_label = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
    (void)snprintf(wanted->fault, sizeof wanted->fault,
                   "the member has declared no key \"%.63s\" for %s: GET /v1/nodes/ID/keys has its "
                   "keys (assay keys list NODE)",
                   is_label ? name : "?", wanted->is_token ? "tokens" : "certificates");
    return wanted->fault;
}

/* Out: which key has the name. Returns: NULL: it is active; else why not, with a text. */
static const char *check_listing(const struct assay_snapshot *s, uint64_t now_ms,
                                 struct wanted *wanted, const char **text)
{
    struct assay_authz_survey survey;
    struct assay_authz_listing listing = { .key = NULL };
    enum assay_authz_verdict verdict = ASSAY_KEY_UNKNOWN;
    assay_authz_survey_open(&survey, s, now_ms);
    const bool is_found = find_listing(s, wanted, &listing);
    if (survey.node != ASSAY_KEY_ACTIVE) verdict = survey.node;
    else if (is_found) verdict = assay_authz_survey_verdict(&survey, &listing);
    else if (!assay_authz_table_has_lists(s->keys, wanted->slot,
                                          &s->members[wanted->slot].ledger.keys))
        verdict = ASSAY_KEY_LISTS_MISSING;
    assay_authz_survey_close(&survey);
    const char *code = code_of_verdict(verdict);
    *text = assay_authz_verdict_text(verdict);
    if (verdict == ASSAY_KEY_UNKNOWN) *text = describe_missing(wanted);
    if (code == NULL && is_found)
        assay_bytes_copy(wanted->name.spki_sha256, 32, listing.spki_sha256, 32);
    if (code != NULL || !wanted->is_token || has_audience(listing.key, wanted->name.audience))
        return code;
    *text = "the entry of this key has no such audience";
    return "audience";
}

/* docs/identity.md 4.13: its host would read what an SGX enclave is given by a daemon outside. */
static bool is_daemon_outside(uint32_t kind)
{
    return kind == ASSAY_KIND_SGX3 || kind == ASSAY_KIND_SGX4 || kind == ASSAY_KIND_SGX5;
}

static char *refuse_token(struct assay_runtime *runtime, const struct wanted *wanted)
{
    if (wanted->slot != runtime->self)
        return document_error(runtime, "other_member",
                              "tokens are bearer secrets: request one of the daemon of the key's "
                              "own member");
    if (is_daemon_outside(runtime->config.genesis->members[runtime->self].evidence_kind))
        return document_error(runtime, "kind",
                              "this member's daemon runs outside of its TEE (SGX), and would read "
                              "the token: use a certificate");
    return NULL;
}

/* ------------------------------------------------------------ documents */

static struct assay_json *describe(struct assay_runtime *runtime, const struct wanted *wanted,
                                   unsigned status)
{
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "status", status);
    assay_json_set_uint(data, "era", s->chain.era);
    assay_json_set_uint(data, "epoch", s->chain.epoch);
    assay_json_set_hex(data, "node_id", wanted->name.node_id, 32);
    assay_json_set_text(data, "key", wanted->name.name);
    if (wanted->is_token) assay_json_set_text(data, "audience", wanted->name.audience);
    return data;
}

static char *set_product(struct assay_runtime *runtime, const struct wanted *wanted,
                         const struct assay_issuance *issue)
{
    uint8_t pem[3 * ASSAY_SERVICE_ISSUED_MAX];
    size_t len = 0;
    const struct assay_slice bytes = assay_slice_over(issue->bytes, issue->len);
    struct assay_json *data = describe(runtime, wanted, ISSUED);
    if (wanted->is_token) {
        assay_json_set_text_n(data, "token", bytes.bytes, bytes.len);
    } else {
        /* Behind the leaf, for peers that have the number before (docs/identity.md 5.1.1). */
        const struct assay_slice cross = runtime_authority_cross(runtime);
        enum assay_status status =
            assay_pem_put("CERTIFICATE", bytes.bytes, bytes.len, pem, sizeof pem, &len);
        if (status == ASSAY_OK && cross.len > 0)
            status = assay_pem_put("CERTIFICATE", cross.bytes, cross.len, pem, sizeof pem, &len);
        ASSAY_ASSERT(status == ASSAY_OK);
        assay_json_set_text_n(data, "certificate", pem, len);
    }
    return document_finish(runtime, "assay.issue", data);
}

static char *set_state(struct assay_runtime *runtime, const struct wanted *wanted)
{
    const struct assay_issuance *issue = NULL;
    char why[256];
    const enum assay_status status =
        runtime_services_issue(runtime, &wanted->name, wanted->slot == runtime->self, &issue);
    if (status == ASSAY_E_AGAIN) {
        struct assay_json *data = describe(runtime, wanted, AT_WORK);
        assay_json_set_uint(data, "retry_after_s", WAIT_MS / 1000);
        return document_finish(runtime, "assay.issue", data);
    }
    if (status == ASSAY_E_FULL)
        return refuse_issue(runtime, "too_many",
                            "other certificates and tokens are at work: retry in a second");
    if (status != ASSAY_OK)
        return refuse_issue(runtime, "ca_none",
                            "no holder's process (assay-signer) of this node is connected: request "
                            "another node, or start it");
    if (issue->outcome == ASSAY_SERVICE_OUTCOME_DONE) return set_product(runtime, wanted, issue);
    (void)snprintf(why, sizeof why, "%.*s", (int)issue->len, (const char *)issue->bytes);
    return refuse_issue(runtime, assay_document_issue_outcome(issue->outcome), why);
}

/* Two or three words. Returns: false: another number, or one that is too long. */
static bool read_words(struct assay_runtime *runtime, const char *argument, bool is_token,
                       struct wanted *wanted, bool *is_member)
{
    char which[ASSAY_NAME_MAX + 65] = "";
    const size_t first = strcspn(argument, " ");
    if (first == 0 || first >= sizeof which || argument[first] == '\0') return false;
    const char *name = argument + first + 1;
    const size_t second = strcspn(name, " ");
    if (second == 0 || second >= sizeof wanted->name.name) return false;
    if ((name[second] != '\0') != is_token) return false;
    *wanted = (struct wanted){ .is_token = is_token,
                               .name.product =
                                   is_token ? ASSAY_SERVICE_TOKEN : ASSAY_SERVICE_CERTIFICATE };
    assay_bytes_copy(wanted->name.name, sizeof wanted->name.name, name, second);
    if (is_token) {
        const char *audience = name + second + 1;
        const size_t third = strlen(audience);
        if (third == 0 || third >= sizeof wanted->name.audience || strchr(audience, ' ') != NULL)
            return false;
        assay_bytes_copy(wanted->name.audience, sizeof wanted->name.audience, audience, third);
    }
    assay_bytes_copy(which, sizeof which, argument, first);
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    *is_member = assay_document_slot(s, which, &wanted->slot);
    if (*is_member)
        assay_bytes_copy(wanted->name.node_id, 32, s->members[wanted->slot].ledger.node_id, 32);
    return true;
}

char *document_issue(struct assay_runtime *runtime, const char *argument, bool is_token)
{
    struct wanted wanted;
    bool is_member = false;
    const char *text = NULL;
    if (!read_words(runtime, argument, is_token, &wanted, &is_member))
        return document_error(runtime, "usage",
                              is_token ? "expected token NAME|SLOT|ID KEY AUDIENCE"
                                       : "expected certificate NAME|SLOT|ID KEY");
    if (!is_member)
        return document_error(runtime, "not_found", "no member has that name, slot or node id");
    char *const other = is_token ? refuse_token(runtime, &wanted) : NULL;
    if (other != NULL) return other;
    const char *code = check_listing(runtime_snapshot(runtime), runtime->now_ms, &wanted, &text);
    return code != NULL ? refuse_issue(runtime, code, text) : set_state(runtime, &wanted);
}
