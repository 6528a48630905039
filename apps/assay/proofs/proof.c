/*
 * apps/assay/proofs/proof.c - `assay checkpoint` and `assay proof`: proofs of a network's state for
 * offline verifiers (docs/proofs.md).
 */
#include "apps/assay/proofs/proof.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/view.h"
#include "apps/assay/proofs/checkpoint_since.h"
#include "apps/client.h"
#include "base/base64.h"
#include "base/file/kind.h"
#include "base/system_clock.h"
#include "engine/ledger/fold/fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct proof_options {
    const char *socket, *out, *file, *genesis, *checkpoint, *node, *next, *ear, *ear_key;
    const char *trusting_period, *since, *policy, *ear_form;
    struct assay_proof_time time;
    const char *key; /* a file with the key of a TLS peer; NULL: FILE is a proof of standing */
    bool bare, keys, json;
    const char *word; /* NODE, or the FILE of verify */
};

static int complain_of(const char *command, const char *what, enum assay_status status,
                       const char *expected)
{
    struct assay_file_kind kind;
    const bool is_unknown = expected != NULL && assay_status_class(status) == ASSAY_CLASS_INPUT &&
                            assay_file_kind_at(what, &kind) && strcmp(kind.id, "binary") == 0;
    (void)fprintf(stderr, "%s: %s: %s%s%s\n", command, what,
                  expected != NULL ? cli_file_fault_of(what, status, expected)
                                   : cli_file_fault(what, status),
                  is_unknown ? "; expected " : "", is_unknown ? expected : "");
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

static int report_error(const char *command, const char *what, enum assay_status status)
{
    return complain_of(command, what, status, NULL);
}

/* Returns: -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct proof_options *o)
{
    const struct cli_option_target targets[] = {
        { "socket", .text = &o->socket },
        { "out", .text = &o->out },
        { "file", .text = &o->file },
        { "genesis", .text = &o->genesis },
        { "checkpoint", .text = &o->checkpoint },
        { "node", .text = &o->node },
        { "next", .text = &o->next },
        { "ear", .text = &o->ear },
        { "ear-key", .text = &o->ear_key },
        { "ear-form", .text = &o->ear_form },
        ASSAY_PROOF_TIME_TARGETS(&o->time),
        { "trusting-period", .text = &o->trusting_period },
        { "since", .text = &o->since },
        { "policy", .text = &o->policy },
        { "key", .text = &o->key },
        { "bare", .flag = &o->bare },
        { "keys", .flag = &o->keys },
        { "json", .flag = &o->json },
        { .name = NULL },
    };
    o->socket = cli_daemon_default_socket();
    return cli_options_read(argc, argv, targets);
}

/* ------------------------------------------------------------ time */

/* Returns: seconds; 0 for anything else, more than UINT32_MAX too. */
static uint32_t parse_duration(const char *text)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
    uint64_t value = 0;
    size_t at = 0;
    for (; text[at] >= '0' && text[at] <= '9' && at < 10; at++)
        value = value * 10 + (uint64_t)(text[at] - '0');
    if (at == 0 || text[at] == '\0' || text[at + 1] != '\0') return 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (units[i].unit == text[at] && value * units[i].seconds <= UINT32_MAX)
            return (uint32_t)(value * units[i].seconds);
    return 0;
}

int cli_proof_times(const struct assay_proof_time *time, uint32_t *max_age_s, uint64_t *now_ms)
{
    const char *const max_age = time->max_age;
    *max_age_s = max_age == NULL ? ASSAY_PROOF_AGE_S : parse_duration(max_age);
    *now_ms = time->no_clock         ? 0
              : time->at_unix_s != 0 ? (uint64_t)time->at_unix_s * 1000
                                     : assay_unix_ms();
    if (*max_age_s == 0)
        return cli_misuse("--max-age: expected 1s to 49710d, such as 90s, 30m, 24h, 7d, found "
                          "\"%s\"",
                          max_age);
    if (time->no_clock && time->at_unix_s != 0)
        return cli_misuse("either --at or --no-clock, not both");
    return ASSAY_EXIT_OK;
}

const char *cli_proof_age_text(enum assay_proof_answer answer, const struct assay_proof_time *time,
                               uint64_t now_ms)
{
    if (answer != ASSAY_PROOF_AGE_UNKNOWN) return assay_proof_answer_text(answer);
    if (now_ms == 0) return "its age is unknown: --no-clock gives no time to compare it with";
    if (time->at_unix_s != 0)
        return "its age is unknown: the time of --at is before the checkpoint";
    return "its age is unknown: this machine's clock is before the checkpoint: set it, or give "
           "--at";
}

/* ------------------------------------------------------------ words */

/* Who left, rests or is in maintenance has another word than its score. */
static bool is_by_score(const struct assay_proven_state *p)
{
    return assay_member_serves(&p->member) &&
           assay_proof_standing_of(p) == p->member.trust.score.standing;
}

/* ------------------------------------------------------------ checkpoints */

/* Genesis is final block 0. */
static enum assay_status from_genesis(struct assay_slice bytes, struct assay_checkpoint *checkpoint)
{
    struct assay_where where = { 0 };
    struct assay_fold fold;
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    if (genesis == NULL) return ASSAY_E_MEMORY;
    void *memory = NULL;
    enum assay_status status = assay_genesis_decode(bytes.bytes, bytes.len, false, genesis, &where);
    if (status == ASSAY_OK) {
        const uint32_t n = genesis->member_count;
        memory = aligned_alloc(64, assay_fold_memory_len(n));
        status = memory != NULL ? assay_fold_init(&fold, memory, n, genesis, NULL) : ASSAY_E_MEMORY;
        if (memory != NULL) assay_fold_deinit(&fold);
        if (status == ASSAY_OK) assay_checkpoint_of(&fold.state, checkpoint);
    }
    free(memory);
    free(genesis);
    return status;
}

static int load_checkpoint(const char *command, const char *path, const char *expected,
                           struct assay_checkpoint *checkpoint)
{
    const bool only_genesis = strcmp(expected, "a genesis") == 0;
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK && len > 0 && bytes[0] == ASSAY_PROOF_GENESIS_FIRST)
        status = from_genesis(assay_slice_over(bytes, len), checkpoint);
    else if (status == ASSAY_OK && only_genesis) status = ASSAY_E_TYPE;
    else if (status == ASSAY_OK)
        status = assay_checkpoint_decode(assay_slice_over(bytes, len), checkpoint);
    free(bytes);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : complain_of(command, path, status, expected);
}

int cli_proof_checkpoint(const char *command, const char *path, struct assay_checkpoint *checkpoint)
{
    return load_checkpoint(command, path, "a checkpoint", checkpoint);
}

static int write_checkpoint(const char *command, const char *path, const struct assay_checkpoint *c)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    enum assay_status status = assay_checkpoint_encode(c, &w);
    if (status != ASSAY_OK) return report_error(command, path, status);
    return cli_output_write(command, path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, w.len));
}

/* One hexadecimal field of a daemon's document. Returns: an enum assay_exit; *bytes is of malloc.
 */
static int ask_bytes(const char *command, const char *socket, const char *request,
                     const char *field, uint8_t **bytes, size_t *len)
{
    struct assay_json *document = NULL;
    const enum assay_status asked =
        assay_client_request(socket, request, ASSAY_CLIENT_TIMEOUT_MS, &document);
    if (asked != ASSAY_OK) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        assay_client_fault(socket, asked, fault);
        (void)fprintf(stderr, "%s: %s: %s\n", command, socket, fault);
        return asked == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
    }
    const struct assay_json *data = assay_json_get(document, "data");
    const char *text = assay_json_text(data, field, NULL);
    int result = ASSAY_EXIT_INTERNAL;
    if (text == NULL) {
        const char *code = assay_json_text(data, "code", "error");
        (void)fprintf(stderr, "%s: %s%s\n", command, cli_text_of(data, "detail", code),
                      cli_daemon_get_hint(code, assay_json_text(data, "detail", "")));
        const bool is_missing = strcmp(code, "not_found") == 0 || strcmp(code, "not_closed") == 0 ||
                                strcmp(code, "lists_missing") == 0;
        result = is_missing ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
    } else {
        *len = strlen(text) / 2;
        *bytes = malloc(*len + 1);
        if (*bytes != NULL && assay_hex_decode(text, strlen(text), *bytes, *len) == ASSAY_OK)
            result = ASSAY_EXIT_OK;
    }
    assay_json_free(&document);
    return result;
}

static int ask_checkpoint(const char *socket, struct assay_checkpoint *checkpoint)
{
    static const char command[] = "assay checkpoint";
    uint8_t *bytes = NULL;
    size_t len = 0;
    int result = ask_bytes(command, socket, "checkpoint", "checkpoint", &bytes, &len);
    if (result == ASSAY_EXIT_OK) {
        const enum assay_status status =
            assay_checkpoint_decode(assay_slice_over(bytes, len), checkpoint);
        if (status != ASSAY_OK) result = report_error(command, socket, status);
    }
    free(bytes);
    return result;
}

static struct assay_json *checkpoint_document(const struct assay_checkpoint_advanced *carried)
{
    const struct assay_checkpoint *c = &carried->to;
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "chain_id", c->chain_id, 32);
    assay_json_set_uint(data, "era", c->era);
    assay_json_set_uint(data, "epoch", c->epoch);
    assay_json_set_hex(data, "id", c->id, 32);
    assay_json_set_hex(data, "roster_digest", c->roster_digest, 32);
    assay_json_set_uint(data, "time_ms", c->time_ms);
    assay_json_set_uint(data, "trusting_period_s", c->trusting_period_s);
    assay_json_set_uint(data, "expires_ms", assay_checkpoint_expires_ms(c));
    if (carried->crossing_count > 0) {
        assay_json_set_uint(data, "recovers_crossed", carried->crossing_count);
        assay_json_set_uint(data, "recover_era", carried->crossing.era);
        assay_json_set_uint(data, "recover_weight", carried->crossing.total);
        assay_json_set_uint(data, "recover_answered", carried->crossing.answered);
        assay_json_set_uint(data, "recover_confirmed", carried->crossing.confirmed);
    }
    return data;
}

static const char checkpoint_view[] = "chain_id       {chain_id}\n"
                                      "era            {era}\n"
                                      "epoch          {epoch}\n"
                                      "id             {id}\n"
                                      "roster_digest  {roster_digest}\n"
                                      "of             {time_ms:time}\n"
                                      "trusted until  {expires_ms:time}\n"
                                      "[?recovers_crossed crosses        {recovers_crossed} "
                                      "RECOVER; the last began era {recover_era}: "
                                      "of weight {recover_weight}, {recover_answered} answered its "
                                      "fence and {recover_confirmed} confirmed it\n]";

/* Returns: ASSAY_EXIT_OK | ASSAY_EXIT_CROSSED | why there is none */
static int advance_checkpoint(const struct proof_options *o,
                              struct assay_checkpoint_advanced *carried)
{
    struct assay_checkpoint from;
    struct assay_checkpoint_since since = { .socket = o->socket, .from = &from, .time = &o->time };
    int result = cli_proof_times(&o->time, &since.max_age_s, &since.now_ms);
    if (result == ASSAY_EXIT_OK) result = cli_proof_checkpoint("assay checkpoint", o->since, &from);
    return result == ASSAY_EXIT_OK ? cli_checkpoint_advance(&since, carried) : result;
}

int cli_command_checkpoint(int argc, char **argv)
{
    struct proof_options o = { .word = NULL };
    struct assay_checkpoint_advanced c = { .crossing_count = 0 };
    const int early = read_options(argc, argv, &o);
    if (early >= 0) return early;
    if ((o.file != NULL) + (o.genesis != NULL) + (o.since != NULL) > 1)
        return cli_misuse("one of --file, --genesis and --since");
    static const char command[] = "assay checkpoint";
    int result = ASSAY_EXIT_OK;
    if (o.since != NULL) result = advance_checkpoint(&o, &c);
    else if (o.genesis != NULL) result = load_checkpoint(command, o.genesis, "a genesis", &c.to);
    else if (o.file != NULL) result = cli_proof_checkpoint(command, o.file, &c.to);
    else result = ask_checkpoint(o.socket, &c.to);
    if (result != ASSAY_EXIT_OK && result != ASSAY_EXIT_CROSSED) return result;
    if (o.trusting_period != NULL) {
        const uint32_t period_s = parse_duration(o.trusting_period);
        if (period_s < ASSAY_TRUSTING_PERIOD_S_MIN || period_s > ASSAY_TRUSTING_PERIOD_S_MAX)
            return cli_misuse("--trusting-period: expected 1d to 90d, found \"%s\"",
                              o.trusting_period);
        c.to.trusting_period_s = period_s;
    }
    const int wrote = o.out == NULL ? ASSAY_EXIT_OK : write_checkpoint(command, o.out, &c.to);
    if (wrote != ASSAY_EXIT_OK) return wrote;
    const int printed =
        cli_view_result(o.json, "assay.checkpoint", checkpoint_document(&c), checkpoint_view);
    return printed == ASSAY_EXIT_OK ? result : printed;
}

/* ------------------------------------------------------------ proofs */

static int say_made(const char *path, const char *node, size_t len)
{
    struct assay_json *const data = cli_result_json("proof", (const char *const[]){ path, NULL });
    assay_json_set_text(data, "node", node);
    assay_json_set_uint(data, "bytes", len);
    return cli_result_print(data, "{files.0}: {bytes} bytes\n");
}

static int make_proof(const struct proof_options *o)
{
    static const char command[] = "assay proof";
    char request[192];
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int wrote = snprintf(request, sizeof request, "%s %s%s", o->keys ? "key-proof" : "proof",
                               o->word, o->bare ? " bare" : "");
    if (wrote < 0 || (size_t)wrote >= sizeof request || strchr(request, '\n') != NULL ||
        strchr(o->word, ' ') != NULL)
        return cli_misuse("NODE is a name, a slot or a node id");
    const char *const field = o->keys ? "key_proof" : "proof";
    int result = ask_bytes(command, o->socket, request, field, &bytes, &len);
    if (result == ASSAY_EXIT_OK) {
        result = cli_output_write(command, o->out, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, len));
        if (result == ASSAY_EXIT_OK) result = say_made(o->out, o->word, len);
    }
    free(bytes);
    return result;
}

/* peer: whose key is active, NULL for none */
static struct assay_json *proven_document(const struct assay_proof_verified *v,
                                          const struct cli_proof_peer *peer)
{
    const struct assay_proven_state *const p = &v->proven;
    const struct assay_member *m = &p->member;
    struct assay_json *const d = assay_json_object();
    assay_json_set_hex(d, "node_id", m->node_id, 32);
    assay_json_set_text(d, "name", m->name);
    assay_json_set_uint(d, "slot", p->slot);
    assay_json_set_text(d, "standing", assay_proof_standing_text(p));
    assay_json_set_text(d, "stage", assay_member_stage_text(m->stage));
    assay_json_set_uint(d, "stage_epoch", m->stage_epoch);
    assay_json_set_bool(d, "by_score", is_by_score(p));
    assay_json_set_uint(d, "score_bp", assay_trust_score_bp(&m->trust));
    assay_json_set_uint(d, "integrity_bp", m->trust.integrity_bp);
    assay_json_set_uint(d, "availability_bp", m->trust.availability_bp);
    assay_json_set_text(d, "outcome", assay_proof_outcome_text(assay_proof_outcome_of(p)));
    assay_json_set_uint(d, "pass_weight", m->found.pass_weight);
    assay_json_set_uint(d, "negative_weight", m->found.negative_weight);
    assay_json_set_uint(d, "electorate_weight", m->found.electorate_weight);
    assay_json_set_bool(d, "certified", p->certified);
    assay_json_set_uint(d, "last_pass_epoch", m->pass_epoch);
    assay_json_set_uint(d, "incarnation", m->lives[0].incarnation);
    assay_json_set_uint(d, "weight", m->weight);
    assay_json_set_hex(d, "chain_id", p->next.chain_id, 32);
    assay_json_set_uint(d, "era", p->next.era);
    assay_json_set_uint(d, "epoch", p->next.epoch);
    assay_json_set_uint(d, "height", p->height);
    assay_json_set_uint(d, "time_ms", p->time_ms);
    assay_json_set_uint(d, "expires_ms", v->expires_ms);
    assay_json_set_bool(d, "age_known", v->has_age);
    assay_json_set_hex(d, "block_id", p->next.id, 32);
    assay_json_set_hex(d, "policy_digest", p->policy_digest, 32);
    assay_json_set_text(d, "profile", assay_document_profile_text(v->profile));
    assay_document_set_insecure(d, v->profile);
    if (peer != NULL) assay_json_set_hex(d, "key_sha256", peer->spki_sha256, 32);
    return d;
}

static const char proven_view[] =
    "node           {node_id}\n"
    "name           {name}\n"
    "standing       {standing}[?stage!=member  since epoch {stage_epoch}]"
    "[?!by_score : not to be relied upon], score {score_bp} bp (integrity {integrity_bp}, "
    "availability {availability_bp})\n"
    "outcome        {outcome}: weight {pass_weight} passed it, {negative_weight} did not, of "
    "{electorate_weight}; the epoch is [?certified certified|held]\n"
    "incarnation    {incarnation}, votes with weight {weight}, [?last_pass_epoch last certified "
    "pass in epoch {last_pass_epoch}|no certified pass yet]\n"
    "epoch          {epoch} of era {era}, closed at {time_ms:time}, height {height}\n"
    "block          {block_id}\n"
    "policy         {policy_digest}\n"
    "profile        {profile}[?profile=unknown : --policy FILE shows whether SOFT evidence passes]"
    "[?profile=development : INSECURE, SOFT evidence passes and proves nothing about hardware]\n"
    "[?key_sha256 key            {key_sha256}: an active TLS key of this member\n]"
    "expires        {expires_ms:time}\n";

static int exit_of(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return ASSAY_EXIT_OK;
    case ASSAY_STANDING_WARNING:
    case ASSAY_STANDING_RESTRICTED: return ASSAY_EXIT_WARNING;
    case ASSAY_STANDING_SUSPENDED: return ASSAY_EXIT_CONTRAINDICATED;
    }
    return ASSAY_EXIT_INTERNAL;
}

/* Without a certified PASS the score is the one of the listing: nothing was appraised. */
static bool is_never_appraised(const struct assay_proven_state *p)
{
    return p->member.pass_epoch == 0 && assay_member_serves(&p->member) &&
           assay_proof_outcome_of(p) != ASSAY_PROOF_OUTCOME_FAILED &&
           assay_proof_standing_of(p) != ASSAY_STANDING_SUSPENDED;
}

static bool is_named(const struct proof_options *o, const struct assay_proven_state *p)
{
    return p->member.name[0] != '\0' && strcmp(o->node, p->member.name) == 0;
}

/* By its id, or by its name in the ledger (contained in the leaf; no further query). */
static bool is_about(const struct proof_options *o, const struct assay_proven_state *p)
{
    uint8_t id[32];
    if (o->node == NULL) return true;
    if (assay_id_parse(o->node, strlen(o->node), id) == ASSAY_OK)
        return assay_bytes_equal(id, p->member.node_id, sizeof id);
    /* docs/protocol.md 9.6.5: the name of a former member may have been reassigned. */
    return is_named(o, p) && p->member.stage != ASSAY_STAGE_LEFT;
}

/* Is it about the expected member, and the key? peer: NULL for none.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_DENIED, with the reason on stderr */
static int check_expected(const struct proof_options *o, const struct assay_proven_state *p,
                          const struct cli_proof_peer *peer)
{
    static const char command[] = "assay proof verify";
    if (!is_about(o, p) && is_named(o, p)) {
        (void)fprintf(stderr,
                      "%s: %s: it is about one that left, and another member may have the name "
                      "\"%s\" now: give an id to --node\n",
                      command, o->word, o->node);
        return ASSAY_EXIT_DENIED;
    }
    if (!is_about(o, p)) {
        (void)fprintf(stderr,
                      "%s: %s: it is about another member, %s, not \"%s\": `assay nodes` lists the "
                      "names of members, `assay proof NODE` makes a proof of one\n",
                      command, o->word, p->member.name, o->node);
        return ASSAY_EXIT_DENIED;
    }
    if (peer == NULL) return ASSAY_EXIT_OK;
    const enum assay_key_answer answer = cli_proof_peer_check(peer, p);
    if (answer == ASSAY_KEY_ACTIVE) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s: not trusted as a key of %s, %s: %s\n", command, o->key,
                  p->member.name, assay_proof_standing_text(p), assay_proof_key_text(answer));
    return ASSAY_EXIT_DENIED;
}

/* now_ms: the time that the age was compared with, 0 for none */
static int report_proven(const struct proof_options *o, uint64_t now_ms,
                         const struct cli_proof_peer *peer, struct assay_proof_verified *b)
{
    static const char command[] = "assay proof verify";
    const struct assay_proven_state *const p = &b->proven;
    int result = check_expected(o, p, peer);
    if (result != ASSAY_EXIT_OK) return result;
    result = cli_proof_profile_find(o->policy, o->checkpoint, p, &b->profile);
    if (result != ASSAY_EXIT_OK) return result;
    /* Without a clock old keys could move a checkpoint on for ever. */
    if (o->next != NULL && b->has_age) result = write_checkpoint(command, o->next, &p->next);
    if (result == ASSAY_EXIT_OK && o->ear != NULL)
        result = cli_proof_ear_write(b, o->ear, o->ear_key,
                                     o->ear_form != NULL && strcmp(o->ear_form, "cwt") == 0);
    if (result != ASSAY_EXIT_OK) return result;
    if (o->json || o->ear == NULL || strcmp(o->ear, "-") != 0)
        /* docs/identity.md 10.3: without a clock no key is accepted. */
        result = cli_view_result(o->json, "assay.proven",
                                 proven_document(b, b->has_age ? peer : NULL), proven_view);
    if (result != ASSAY_EXIT_OK) return result;
    if (b->has_age && is_never_appraised(p)) {
        (void)fprintf(stderr,
                      "%s: %s: not appraised: no certified PASS of this member up to epoch %llu; "
                      "its standing is the one of its listing\n",
                      command, o->word, (unsigned long long)p->next.epoch);
        return ASSAY_EXIT_NONE;
    }
    if (b->has_age) return exit_of(assay_proof_standing_of(p));
    if (o->next != NULL)
        (void)fprintf(stderr, "%s: --next %s: not written, since the age of the proof is unknown\n",
                      command, o->next);
    (void)fprintf(stderr, "%s: %s: %s\n", command, o->word,
                  cli_proof_age_text(ASSAY_PROOF_AGE_UNKNOWN, &o->time, now_ms));
    return ASSAY_EXIT_AGE_UNKNOWN;
}

/* Proof, then age. Returns: as assay_proof_verify; *answer, and *b if it is valid or only its age
 * is unknown */
static enum assay_status verify_answer(const struct assay_checkpoint *checkpoint, uint64_t now_ms,
                                       uint32_t max_age_s, enum assay_proof_answer *answer,
                                       struct assay_proof_verified *b)
{
    ASSAY_TRY(assay_proof_verify(b->bytes, checkpoint, answer, &b->proven));
    if (*answer != ASSAY_PROVEN) return ASSAY_OK;
    *answer = assay_proof_age(checkpoint, &b->proven, now_ms, max_age_s);
    b->expires_ms = assay_proof_expires_ms(checkpoint, &b->proven, max_age_s);
    b->has_age = *answer == ASSAY_PROVEN;
    return ASSAY_OK;
}

/* peer: NULL: the file is a proof of standing, else a key proof, whose parts it gets. */
static enum assay_status verify_bytes(struct assay_slice bytes,
                                      const struct assay_checkpoint *checkpoint, uint64_t now_ms,
                                      uint32_t max_age_s, struct cli_proof_peer *peer,
                                      enum assay_proof_answer *answer,
                                      struct assay_proof_verified *b)
{
    b->bytes = bytes;
    if (peer != NULL) {
        ASSAY_TRY(assay_proof_key_decode(bytes, &peer->proof));
        b->bytes = peer->proof.proof;
    }
    return verify_answer(checkpoint, now_ms, max_age_s, answer, b);
}

/* Returns: an enum assay_exit */
static int complain_of_peer(const char *path, enum assay_status status)
{
    static const char command[] = "assay proof verify";
    if (status != ASSAY_E_RANGE)
        return complain_of(command, path, status, "a certificate or a public key");
    (void)fprintf(stderr,
                  "%s: %s: too long: expected a file of at most %d bytes with a certificate or a "
                  "public key of at most %d bytes in DER\n",
                  command, path, ASSAY_PROOF_PEER_FILE_MAX, ASSAY_CERT_DER_MAX);
    return ASSAY_EXIT_MALFORMED;
}

/* Of a file that is no proof, or no key proof with --key. Returns: an enum assay_exit */
static int complain_of_proof(const struct proof_options *o, enum assay_status status)
{
    static const char command[] = "assay proof verify";
    struct assay_file_kind kind;
    if (o->key != NULL) return complain_of(command, o->word, status, "a key proof");
    if (assay_status_class(status) != ASSAY_CLASS_INPUT || !assay_file_kind_at(o->word, &kind) ||
        strcmp(kind.id, "key-standing") != 0)
        return complain_of(command, o->word, status, "a proof");
    (void)fprintf(stderr,
                  "%s: %s: is a key proof: give --key FILE, the certificate or public key of the "
                  "TLS peer, and --max-age\n",
                  command, o->word);
    return ASSAY_EXIT_MALFORMED;
}

static int verify_file(const struct proof_options *o)
{
    static const char command[] = "assay proof verify";
    static struct assay_proof_verified accepted;
    static struct cli_proof_peer read;
    struct cli_proof_peer *const peer = o->key != NULL ? &read : NULL;
    struct assay_checkpoint checkpoint;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    uint8_t *bytes = NULL;
    size_t len = 0;
    uint64_t now_ms = 0;
    uint32_t max_age_s = 0;
    int result = cli_proof_times(&o->time, &max_age_s, &now_ms);
    if (result == ASSAY_EXIT_OK) result = cli_proof_checkpoint(command, o->checkpoint, &checkpoint);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status = peer != NULL ? cli_proof_peer_read(o->key, peer) : ASSAY_OK;
    if (status != ASSAY_OK) return complain_of_peer(o->key, status);
    status = assay_file_read(o->word, ASSAY_KEY_PROOF_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK)
        status = verify_bytes(assay_slice_over(bytes, len), &checkpoint, now_ms, max_age_s, peer,
                              &answer, &accepted);
    if (status != ASSAY_OK) {
        result = complain_of_proof(o, status);
    } else if (answer != ASSAY_PROVEN && answer != ASSAY_PROOF_AGE_UNKNOWN) {
        (void)fprintf(stderr, "%s: %s: not trusted: %s\n", command, o->word,
                      assay_proof_answer_text(answer));
        result = ASSAY_EXIT_DENIED;
    } else {
        result = report_proven(o, now_ms, peer, &accepted);
    }
    free(bytes);
    return result;
}

int cli_command_proof(int argc, char **argv)
{
    struct proof_options o = { .word = NULL };
    const int early = read_options(argc, argv, &o);
    if (early >= 0) return early;
    o.word = argv[2] != NULL ? argv[2] : argv[1];
    if (o.keys && o.bare) return cli_misuse("either --keys or --bare: a key proof has the votes");
    if (argv[2] == NULL) return make_proof(&o);
    if (o.key != NULL && o.time.max_age == NULL)
        return cli_misuse("--key needs --max-age: a key that is withdrawn, or whose member is "
                          "suspended, is accepted for so long");
    if ((o.ear == NULL) != (o.ear_key == NULL))
        return cli_misuse("--ear and --ear-key go together");
    if (o.ear_form != NULL && o.ear == NULL) return cli_misuse("--ear-form belongs to --ear");
    return verify_file(&o);
}
