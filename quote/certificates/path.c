/*
 * quote/certificates/path.c - building and verification of a certificate chain (RFC 5280 6.1,
 * without names, policies and other features that endorsements of evidence do not use: they are
 * rejected when critical).
 */
#include "quote/certificates/path.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"
#include "quote/certificates/validity.h"
#include "quote/text.h"

enum {
    STEPS_MAX = 64,
    /* Genuine paths need one where authorities share a name, and one where only the root's key is
     * at hand; every certificate of a hostile hand could ask for one at each step. */
    SIGNATURES_MAX = 24,
    /* With copies at hand, one for each certificate and each key that bears its issuer's name;
     * those of the search before it are known and do not count: strangers may use them up. */
    STRICT_SIGNATURES_MAX = 48,
    RECORDED_MAX = SIGNATURES_MAX + ASSAY_CHAIN_MAX + STRICT_SIGNATURES_MAX,
};

/* One signature that was looked at: copies of a certificate share its key. */
struct checked {
    const struct assay_certificate *subject;
    const struct assay_key *key;
    bool answer;
};

/* Signatures that were looked at for one leaf or more: each is verified once. */
struct record {
    size_t count;
    struct checked checked[RECORDED_MAX];
};

struct search {
    size_t count;
    /* Those that expire last first: a renewed certificate before the one that it replaces. */
    const struct assay_certificate *candidates[ASSAY_PATH_CANDIDATES_MAX];
    const struct assay_key *root;
    bool is_strict;               /* no certificate is on the path unless its signature verifies */
    struct assay_path path;       /* where the search stands */
    size_t next[ASSAY_CHAIN_MAX]; /* per certificate of path: the candidate to look at next */
    struct assay_path best;       /* the longest dead end */
    bool best_is_foreign;         /* it ends in a self-issued certificate */
    bool too_long;
    struct record *record;
    size_t most; /* recorded: then it gives up */
    bool gave_up;
};

/* --- building */
static bool same_certificate(const struct assay_certificate *a, const struct assay_certificate *b)
{
    return assay_bytes_equal(a->digest, b->digest, sizeof a->digest);
}

static bool on_path(const struct assay_path *path, const struct assay_certificate *c)
{
    ASSAY_ASSERT(path->count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < path->count; i++)
        if (same_certificate(path->certificates[i], c)) return true;
    return false;
}

/* Do two candidates with different keys bear the issuer's name? Then signatures must decide. */
static bool has_ambiguous_issuer(const struct search *s, const struct assay_certificate *subject)
{
    const struct assay_certificate *first = NULL;
    for (size_t i = 0; i < s->count; i++) {
        const struct assay_certificate *const c = s->candidates[i];
        if (!assay_chain_names(c, subject)) continue;
        if (first == NULL) first = c;
        else if (!assay_key_equal(&first->key, &c->key)) return true;
    }
    return false;
}

/* Host failures leave; anything else wrong with key or signature means "no". */
static enum assay_status is_signed(const struct assay_key *key, const uint8_t *digest,
                                   const struct assay_signature *signature, bool *answer)
{
    const enum assay_status status = assay_chain_signed(key, digest, signature);
    *answer = status == ASSAY_OK;
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

/* Returns: what is recorded of the signature, NULL when it was not looked at yet. */
static const struct checked *find_checked(const struct record *record, const struct assay_key *key,
                                          const struct assay_certificate *subject)
{
    ASSAY_ASSERT(record->count <= RECORDED_MAX);
    for (size_t i = 0; i < record->count; i++) {
        if (!same_certificate(record->checked[i].subject, subject)) continue;
        if (assay_key_equal(record->checked[i].key, key)) return &record->checked[i];
    }
    return NULL;
}

/* Was the certificate signed by that key? As recorded, else verified, and recorded where there is
 * room. */
static enum assay_status record_signed(struct record *record, const struct assay_key *key,
                                       const struct assay_certificate *subject, bool *answer)
{
    const struct checked *const earlier = find_checked(record, key, subject);
    *answer = earlier != NULL && earlier->answer;
    if (earlier != NULL) return ASSAY_OK;
    ASSAY_TRY(is_signed(key, subject->tbs_digest, &subject->signature, answer));
    if (record->count < RECORDED_MAX)
        record->checked[record->count++] = (struct checked){ subject, key, *answer };
    return ASSAY_OK;
}

/* The same within the search, as long as it may look at signatures at all. */
static enum assay_status search_signed(struct search *s, const struct assay_key *key,
                                       const struct assay_certificate *subject, bool *answer)
{
    ASSAY_ASSERT(s->record->count <= s->most);
    *answer = false;
    const bool is_known = find_checked(s->record, key, subject) != NULL;
    if (!is_known && s->record->count == s->most) s->gave_up = true;
    if (!is_known && s->gave_up) return ASSAY_OK;
    return record_signed(s->record, key, subject, answer);
}

/*
 * The root, certified by another issuer: nothing on the path certifies this certificate, so its
 * sender could choose any dates. The root's key is known without it.
 */
static bool is_root_by_another(const struct search *s, const struct assay_certificate *c)
{
    return assay_key_equal(&c->key, s->root) && !assay_chain_self_issued(c);
}

/* The next candidate from *from on that may have issued the subject; NULL when there is none. */
static enum assay_status next_issuer(struct search *s, const struct assay_certificate *subject,
                                     size_t *from, const struct assay_certificate **issuer)
{
    const bool decide = s->is_strict || has_ambiguous_issuer(s, subject);
    *issuer = NULL;
    for (; *from < s->count && *issuer == NULL && !s->gave_up; *from += 1) {
        const struct assay_certificate *const c = s->candidates[*from];
        bool fits =
            assay_chain_names(c, subject) && !on_path(&s->path, c) && !is_root_by_another(s, c);
        if (fits && decide) ASSAY_TRY(search_signed(s, &c->key, subject, &fits));
        /* The root's key is enough: a copy of its certificate is none. */
        if (fits && s->is_strict && assay_key_equal(&c->key, s->root))
            ASSAY_TRY(search_signed(s, s->root, c, &fits));
        if (fits) *issuer = c;
    }
    ASSAY_ASSERT(*from <= s->count);
    return ASSAY_OK;
}

/* Retains the first of the longest dead ends; one in a foreign root is the most informative. */
static void save_dead_end(struct search *s, bool is_foreign)
{
    ASSAY_ASSERT(s->path.count >= 1);
    if (s->best.count > 0 && s->best_is_foreign && !is_foreign) return;
    if (s->best.count >= s->path.count && s->best_is_foreign == is_foreign) return;
    s->best = s->path;
    s->best_is_foreign = is_foreign;
}

/*
 * The root's own certificate is available and has another name, or another key id, than the
 * subject's issuer fields (evidence-rules.md 1.3). Its signature counts, so that a name cannot be
 * claimed for another key.
 */
static enum assay_status names_another_root(struct search *s,
                                            const struct assay_certificate *subject, bool *answer)
{
    *answer = false;
    for (size_t i = 0; i < s->count && !*answer && !s->gave_up; i++) {
        const struct assay_certificate *const c = s->candidates[i];
        if (!assay_key_equal(&c->key, s->root) || !assay_chain_self_issued(c)) continue;
        if (!assay_chain_names(c, subject)) ASSAY_TRY(search_signed(s, s->root, c, answer));
    }
    return ASSAY_OK;
}

/* No further candidate issued the last certificate. Was it issued by a root that is only known as a
 * key, possibly in addition to a certificate of the same name? */
static enum assay_status at_dead_end(struct search *s, bool is_first_visit, bool *found)
{
    ASSAY_ASSERT(s->path.count >= 1);
    const struct assay_certificate *const last = s->path.certificates[s->path.count - 1];
    const bool is_foreign = assay_chain_self_issued(last);
    bool is_misnamed = false;
    *found = false;
    if (!is_foreign) ASSAY_TRY(names_another_root(s, last, &is_misnamed));
    if (!is_foreign && !is_misnamed) ASSAY_TRY(search_signed(s, s->root, last, found));
    if (!*found && is_first_visit) save_dead_end(s, is_foreign);
    return ASSAY_OK;
}

/* One step of the search: forward, or back. Sets *found at the root; an empty path is the end. */
static enum assay_status search_step(struct search *s, bool *found)
{
    ASSAY_ASSERT(s->path.count >= 1 && s->path.count <= ASSAY_CHAIN_MAX);
    const size_t at = s->path.count - 1;
    const struct assay_certificate *const last = s->path.certificates[at];
    const struct assay_certificate *issuer = NULL;
    *found = assay_key_equal(&last->key, s->root);
    if (*found) return ASSAY_OK;
    const bool is_first_visit = s->next[at] == 0;
    ASSAY_TRY(next_issuer(s, last, &s->next[at], &issuer));
    if (issuer == NULL) {
        ASSAY_TRY(at_dead_end(s, is_first_visit, found));
        if (!*found) s->path.count -= 1;
        return ASSAY_OK;
    }
    if (s->path.count == ASSAY_CHAIN_MAX) {
        s->too_long = true;
        s->path.count -= 1;
        return ASSAY_OK;
    }
    s->path.certificates[s->path.count] = issuer;
    s->next[s->path.count] = 0;
    s->path.count += 1;
    return ASSAY_OK;
}

static void open_search(struct search *s, const struct assay_certificate *candidates, size_t count,
                        const struct assay_key *root, struct record *record, bool is_strict)
{
    ASSAY_ASSERT(candidates != NULL || count == 0);
    ASSAY_ASSERT(count <= ASSAY_PATH_CANDIDATES_MAX);
    s->count = count;
    s->root = root;
    s->is_strict = is_strict;
    s->record = record;
    s->most = record->count + (is_strict ? STRICT_SIGNATURES_MAX : SIGNATURES_MAX);
    s->gave_up = false;
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && s->candidates[at - 1]->not_after_s < candidates[i].not_after_s; at--)
            s->candidates[at] = s->candidates[at - 1];
        s->candidates[at] = &candidates[i];
    }
}

/* From one leaf; what is known of signatures serves the next one. */
static enum assay_status search_from(struct search *s, const struct assay_certificate *leaf,
                                     bool *found)
{
    *found = false;
    s->path = (struct assay_path){ .count = 1, .certificates = { leaf } };
    s->best.count = 0;
    s->best_is_foreign = s->too_long = false;
    s->next[0] = 0;
    for (size_t i = 0; i < STEPS_MAX && s->path.count > 0 && !*found && !s->gave_up; i++)
        ASSAY_TRY(search_step(s, found));
    return ASSAY_OK;
}

static enum assay_status build_path(const struct assay_certificate *leaf,
                                    const struct assay_certificate *candidates, size_t count,
                                    const struct assay_key *root, struct record *record,
                                    struct assay_path *path)
{
    ASSAY_ASSERT(leaf != NULL && root != NULL && path != NULL);
    struct search s;
    bool found = false;
    open_search(&s, candidates, count, root, record, false);
    *path = (struct assay_path){ .count = 1, .certificates = { leaf } };
    ASSAY_TRY(search_from(&s, leaf, &found));
    if (found) {
        *path = s.path;
        return ASSAY_OK;
    }
    ASSAY_ASSERT(s.path.count <= ASSAY_CHAIN_MAX && s.best.count <= ASSAY_CHAIN_MAX);
    if (s.best.count > 0) *path = s.best;
    if (s.too_long || s.gave_up || s.path.count > 0) return ASSAY_E_INVALID;
    return s.best_is_foreign ? ASSAY_E_CHAIN : ASSAY_E_NOT_FOUND;
}

enum assay_status assay_path_build(const struct assay_certificate *leaf,
                                   const struct assay_certificate *candidates, size_t count,
                                   const struct assay_key *root, struct assay_path *path)
{
    struct record record = { 0 };
    return build_path(leaf, candidates, count, root, &record, path);
}

/* --- verifying */
static enum assay_status report_refusal(struct assay_quote_fault *fault, size_t *at, size_t index,
                                        enum assay_rule rule, const char *expected,
                                        const char *observed)
{
    *fault = (struct assay_quote_fault){ rule, 0, expected, observed };
    *at = index;
    return ASSAY_E_INVALID;
}

static bool ends_in_root(const struct assay_path *path, const struct assay_key *root)
{
    ASSAY_ASSERT(path->count >= 1);
    return assay_key_equal(&path->certificates[path->count - 1]->key, root);
}

static enum assay_status check_uses(const struct assay_path *path, struct assay_quote_fault *fault,
                                    size_t *at)
{
    /* The purposes of the leaf must also be those of its authorities. */
    const uint32_t uses =
        path->certificates[0]->extended_key_usage & (uint32_t)(ASSAY_EKU_TCG_EK | ASSAY_EKU_TCG_AK);
    const uint32_t allowed = uses | path->uses;
    for (size_t i = 0; i < path->count; i++) {
        const struct assay_certificate *const c = path->certificates[i];
        if (c->has_unknown_critical)
            return report_refusal(fault, at, i, ASSAY_RULE_CHAIN_CONSTRAINTS,
                                  "critical extensions that are known",
                                  "another critical extension");
        if (!assay_chain_is_numbered(c))
            return report_refusal(fault, at, i, ASSAY_RULE_CHAIN_CONSTRAINTS,
                                  "a serial number above 0", "0: no list could revoke it");
        if (i > 0 && !assay_chain_is_ca(c, (uint32_t)(i - 1)))
            return report_refusal(fault, at, i, ASSAY_RULE_CHAIN_CONSTRAINTS,
                                  "an authority that may issue certificates at this place",
                                  "other uses, or a shorter path");
        if (i > 0 && !assay_chain_allows(c, allowed))
            return report_refusal(fault, at, i, ASSAY_RULE_CHAIN_CONSTRAINTS,
                                  "an authority for certificates of this use",
                                  "one for other uses");
    }
    return ASSAY_OK;
}

/* The key that vouches for certificate i: for the last it is the root, for its own certificate,
 * too. */
static const struct assay_key *get_issuer_key(const struct assay_path *path, size_t i,
                                              const struct assay_key *root)
{
    ASSAY_ASSERT(i < path->count);
    return i + 1 < path->count ? &path->certificates[i + 1]->key : root;
}

static enum assay_status verify_path(const struct assay_path *path, const struct assay_key *root,
                                     struct record *record, struct assay_quote_fault *fault,
                                     size_t *at)
{
    ASSAY_ASSERT(path != NULL && root != NULL && fault != NULL && at != NULL);
    ASSAY_ASSERT(path->count >= 1 && path->count <= ASSAY_CHAIN_MAX);
    ASSAY_TRY(check_uses(path, fault, at));
    for (size_t i = path->count; i > 0; i--) { /* from the root down */
        const struct assay_certificate *const c = path->certificates[i - 1];
        bool ok = false;
        ASSAY_TRY(record_signed(record, get_issuer_key(path, i - 1, root), c, &ok));
        if (!ok)
            return report_refusal(fault, at, i - 1, ASSAY_RULE_CHAIN_SIGNATURE,
                                  "a certificate signed by its issuer", "a wrong signature");
    }
    return ASSAY_OK;
}

enum assay_status assay_path_verify(const struct assay_path *path, const struct assay_key *root,
                                    struct assay_quote_fault *fault, size_t *at)
{
    struct record record = { 0 };
    return verify_path(path, root, &record, fault, at);
}

/* --- finding: building and verifying, past copies */
/* Could a certificate have been taken for another one? Without one nothing else is to be found. */
static bool has_rivals(const struct assay_path_request *r)
{
    if (r->leaf_count > 1) return true;
    for (size_t i = 0; i < r->count; i++) {
        const struct assay_certificate *const c = &r->candidates[i];
        if (assay_key_equal(&c->key, r->root)) return true;
        for (size_t k = 0; k < i; k++)
            if (assay_dn_equal(&r->candidates[k].subject, &c->subject) &&
                !same_certificate(&r->candidates[k], c))
                return true;
    }
    return false;
}

static void set_uses(const struct assay_path_request *r, struct assay_path *path)
{
    path->uses = path->certificates[0]->has_gce ? r->gce_uses : 0;
}

/* The first leaf from which every signature up to the root verifies. */
static enum assay_status find_strictly(const struct assay_path_request *r, struct record *record,
                                       struct assay_path *path, bool *found)
{
    struct search s;
    *found = false;
    open_search(&s, r->candidates, r->count, r->root, record, true);
    for (size_t i = 0; i < r->leaf_count && !*found; i++)
        ASSAY_TRY(search_from(&s, r->leaves[i], found));
    if (*found) *path = s.path;
    return ASSAY_OK;
}

enum assay_status assay_path_find(const struct assay_path_request *request, struct assay_path *path,
                                  bool *is_sound, struct assay_quote_fault *fault, size_t *at)
{
    ASSAY_ASSERT(request->leaf_count >= 1 && request->leaf_count <= ASSAY_PATH_CANDIDATES_MAX);
    struct assay_path other;
    struct record record = { 0 };
    bool found = false;
    *is_sound = false;
    const enum assay_status built = build_path(request->leaves[0], request->candidates,
                                               request->count, request->root, &record, path);
    enum assay_status status = built;
    if (built == ASSAY_OK) {
        set_uses(request, path);
        status = verify_path(path, request->root, &record, fault, at);
    }
    *is_sound = status == ASSAY_OK;
    if (*is_sound || assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (has_rivals(request)) ASSAY_TRY(find_strictly(request, &record, &other, &found));
    if (!found) return built;
    set_uses(request, &other);
    status = verify_path(&other, request->root, &record, fault, at);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    *is_sound = status == ASSAY_OK;
    *path = other;
    return ASSAY_OK;
}

void assay_path_report(const struct assay_path *path, const struct assay_quote_fault *fault,
                       size_t at, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(at < path->count);
    struct assay_text observed = assay_text_empty();
    assay_text_add(&observed, fault->observed);
    if (path->certificates[at]->subject_name[0] != '\0') {
        assay_text_add(&observed, ": ");
        assay_text_add(&observed, path->certificates[at]->subject_name);
    }
    assay_verdict_add(verdict, fault->rule, fault->offset, fault->expected, observed.text);
}

void assay_path_windows(const struct assay_path *path, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(path->count <= ASSAY_CHAIN_MAX);
    for (size_t i = 0; i < path->count; i++) {
        const struct assay_certificate *const c = path->certificates[i];
        const char *const name = c->subject_name[0] != '\0' ? c->subject_name : "certificate";
        const struct assay_window window = { .what = name,
                                             .is_certificate = true,
                                             .from_unix_s = c->not_before_s,
                                             .to_unix_s = c->not_after_s };
        assay_appraise_window(&window, NULL, verdict);
    }
}

/* --- revocation */
/* Was the list issued by the issuer of certificate i? */
static bool speaks_for(const struct assay_path *path, size_t i, const struct assay_crl *crl)
{
    ASSAY_ASSERT(i < path->count);
    if (i + 1 < path->count) return assay_crl_issued_by(crl, path->certificates[i + 1]);
    /* The root is known as a key alone: by its name and its key's in what it issued. A list by
     * another authority of the same name is not a forgery. */
    const struct assay_certificate *const last = path->certificates[i];
    if (!assay_dn_equal(&crl->issuer, &last->issuer)) return false;
    if (!crl->has_authority_key_id || !last->has_authority_key_id) return true;
    return assay_bytes_equal(crl->authority_key_id, last->authority_key_id, ASSAY_KEY_ID_LEN);
}

static bool is_named(const struct assay_key *key, const uint8_t *name)
{
    uint8_t own[ASSAY_SHA256_LEN];
    if (name == NULL) return false;
    assay_key_name(key, own);
    return assay_bytes_equal(own, name, sizeof own);
}

size_t assay_path_issued(const struct assay_path *path, const struct assay_key *root)
{
    ASSAY_ASSERT(path->count >= 1 && path->count <= ASSAY_CHAIN_MAX);
    return path->count - (ends_in_root(path, root) ? 1 : 0);
}

enum assay_status assay_path_revocation(const struct assay_path *path, const struct assay_key *root,
                                        size_t at, const struct assay_crl *crl,
                                        const uint8_t *signed_by, enum assay_revocation *answer)
{
    ASSAY_ASSERT(at < assay_path_issued(path, root));
    *answer = ASSAY_REVOCATION_UNCOVERED;
    if (!speaks_for(path, at, crl)) return ASSAY_OK;
    const struct assay_key *const key = get_issuer_key(path, at, root);
    bool ok = is_named(key, signed_by);
    if (!ok) ASSAY_TRY(is_signed(key, crl->tbs_digest, &crl->signature, &ok));
    if (!ok) *answer = ASSAY_REVOCATION_FORGED;
    else if (assay_crl_contains(crl, path->certificates[at]->serial))
        *answer = ASSAY_REVOCATION_REVOKED;
    else *answer = ASSAY_REVOCATION_NONE;
    return ASSAY_OK;
}
