/*
 * net/documents/key_verdict.h - whether a workload key is active for a relying party, or why not,
 * from one snapshot.
 *
 * docs/identity.md 9, docs/protocol.md 2.16.6. A verdict is given only by a node whose snapshot is
 * recent and has every list that could change it; else the answer is that it is undecided.
 */
#ifndef ASSAY_NET_DOCUMENTS_KEY_VERDICT_H
#define ASSAY_NET_DOCUMENTS_KEY_VERDICT_H

#include "host/snapshot.h"
#include "net/documents/key_table.h"

/* symbol, code, text. From ACTIVE to UNKNOWN, what is closer to an active key is first. Then
 * the standings, which decide for every member that has the key. Then what leaves it undecided. */
#define ASSAY_KEY_VERDICT_LIST(X)                                                                  \
    X(ASSAY_KEY_ACTIVE, "active", "the key is active")                                             \
    X(ASSAY_KEY_STALE, "stale", "the member has no certified PASS for more than 3 epochs")         \
    X(ASSAY_KEY_NOT_BOUND, "not_bound", "the newest certified PASS of the member bound no keys")   \
    X(ASSAY_KEY_NOT_CERTIFIED, "not_certified",                                                    \
      "the key is declared, and no certified PASS has bound it yet")                               \
    X(ASSAY_KEY_WITHDRAWN, "withdrawn", "the newest list of the member lacks the key")             \
    X(ASSAY_KEY_OTHER_PURPOSE, "other_purpose", "the key is declared for another purpose")         \
    X(ASSAY_KEY_OTHER_MEMBER, "other_member", "the key is one of another member")                  \
    X(ASSAY_KEY_OTHER_SERVICE, "other_service",                                                    \
      "operators did not grant this service to the key's name and its member")                     \
    X(ASSAY_KEY_UNKNOWN, "unknown_key", "no member of the network has declared this key")          \
    X(ASSAY_KEY_MAINTENANCE, "maintenance", "a member with this key is in maintenance")            \
    X(ASSAY_KEY_BELOW_THRESHOLD, "below_threshold",                                                \
      "the standing of a member with this key is too low for the class")                           \
    X(ASSAY_KEY_SUSPENDED, "suspended", "a member with this key is SUSPENDED")                     \
    X(ASSAY_KEY_DRAINED, "drained", "the operators took a member with this key out of service")    \
    X(ASSAY_KEY_STARTING, "starting", "the node is starting")                                      \
    X(ASSAY_KEY_NO_MEMORY, "no_memory", "the node is short of memory")                             \
    X(ASSAY_KEY_STALLED, "stalled", "the node has published no state for 5 seconds")               \
    X(ASSAY_KEY_CATCHING_UP, "catching_up", "the node has no state of the network yet")            \
    X(ASSAY_KEY_BEHIND, "behind", "the node is behind: it is fetching blocks")                     \
    X(ASSAY_KEY_FENCED, "fenced", "operators have fenced this era")                                \
    X(ASSAY_KEY_HEAD_OLD, "head_old", "no block became final here for 3 epochs")                   \
    X(ASSAY_KEY_LISTS_MISSING, "lists_missing",                                                    \
      "the node lacks a list of keys that could change the answer; it is fetching it")

#define ASSAY_KEY_VERDICT_ENUM(symbol, code, text) symbol,
enum assay_authz_verdict { ASSAY_KEY_VERDICT_LIST(ASSAY_KEY_VERDICT_ENUM) ASSAY_KEY_VERDICTS };
#undef ASSAY_KEY_VERDICT_ENUM

/* Each Returns: static text. */
const char *assay_authz_verdict_code(enum assay_authz_verdict verdict);
const char *assay_authz_verdict_text(enum assay_authz_verdict verdict);
/* Returns: whether the node could not tell, rather than that the key is not active. */
bool assay_authz_verdict_is_undecided(enum assay_authz_verdict verdict);

/* A key on a list of a member. */
struct assay_authz_listing {
    uint32_t slot;
    const struct assay_declared_key *key;
    const uint8_t *spki_sha256; /* [32] */
    bool is_declared, is_certified;
};
/* Entries of a member, in the order of the lists: the declared one, then what only the certified
 * one has. *at: 0 at first. Returns: false after the last. */
bool assay_authz_listing_next(const struct assay_snapshot *s, uint32_t slot, uint32_t *at,
                              struct assay_authz_listing *listing);
/* Whatever its lists (docs/protocol.md 11.3.4): SUSPENDED of a member that does not serve, at least
 * RESTRICTED of one in maintenance. Returns: the standing that relying parties may use */
enum assay_standing assay_authz_standing(const struct assay_member_snapshot *member);
/* Of one listing alone. critical: FULL is needed, else WARNING. Returns: ACTIVE to DRAINED */
enum assay_authz_verdict assay_authz_listing_verdict(const struct assay_snapshot *s,
                                                     const struct assay_authz_listing *listing,
                                                     bool critical);

/* Is the name of a key one that operators granted to its member (docs/identity.md 3.21)? Its newest
 * certified PASS has a reference value of the name, and it stands as the grant wants it. Whether
 * the key is active is another question. Returns: whether so. */
bool assay_authz_listing_is_granted(const struct assay_snapshot *s,
                                    const struct assay_authz_listing *listing);

struct assay_authz_question {
    uint8_t spki_sha256[32];
    enum assay_declared_purpose purpose;
    bool critical;
    uint16_t slot; /* of this member; ASSAY_SLOT_ALL: of any */
    struct assay_slice service; /* granted to the key under this name; empty: any key */
};
struct assay_authz_answer {
    enum assay_authz_verdict verdict;
    bool has_listing; /* the one that decided */
    struct assay_authz_listing listing;
};
/* Answers a relying party. now_ms: the monotonic clock of the reader: the head ages although the
 * loop that publishes snapshots stalls. */
void assay_authz_decide(const struct assay_snapshot *s, uint64_t now_ms,
                        const struct assay_authz_question *question,
                        struct assay_authz_answer *answer);

/* What decides about every key of one snapshot, for documents that have many: the answer for each
 * is that of assay_authz_decide for the class normal, the purpose and the member of its listing. */
struct assay_authz_digest {
    uint8_t spki_sha256[32];
    enum assay_authz_verdict verdict; /* of a member with this key that stands too low */
};
struct assay_authz_survey {
    const struct assay_snapshot *s;
    enum assay_authz_verdict node; /* ACTIVE: this node can tell; else why not */
    struct assay_authz_digest *low; /* [low_count], ascending */
    uint32_t low_count;
    bool lacks_any, lacks_low;
};
/* Without memory the node cannot tell. Close it with assay_authz_survey_close. */
void assay_authz_survey_open(struct assay_authz_survey *survey, const struct assay_snapshot *s,
                             uint64_t now_ms);
void assay_authz_survey_close(struct assay_authz_survey *survey);
/* Returns: ACTIVE, or why the key is not, or why this node cannot tell. */
enum assay_authz_verdict assay_authz_survey_verdict(const struct assay_authz_survey *survey,
                                                    const struct assay_authz_listing *listing);

#endif
