/*
 * apps/assay/members/change_propose.c - `assay change propose`, `approve` and `withdraw`: what an
 * operator states about a change, signed and submitted to a running node (docs/protocol.md 9.19).
 *
 * What is signed is what was shown, and it means what was shown: the change, its author, comment
 * and expiry are those of the author's signed record, which is verified here; the node's own words
 * about it are not used (change_proposal.c).
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/change_proposal.h"
#include "base/assert.h"
#include "engine/ledger/records/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long long llu;

enum { EXPIRES_DEFAULT = 1440 };

struct stating {
    const struct assay_change_options *options;
    struct assay_json *document; /* assay.proposal */
    const struct assay_json *data;
    struct assay_change_source source;
    struct assay_change_draft *draft;        /* of the change, without signatures */
    struct assay_record *proposal;           /* the author's; borrows proposal_bytes */
    uint8_t *file, *record, *proposal_bytes; /* [ASSAY_CHANGE_RECORD_LEN_MAX] */
    struct assay_signer *signer;
    uint8_t operator_id[32];
    struct assay_review review;
    uint64_t
        wished; /* last epoch by --expires, where the change sets an earlier one; 0: it does not */
};

/* ------------------------------------------------------------ the key */

static int open_key(struct stating *s)
{
    struct cli_key_fault fault;
    if (!cli_operator_key_open(s->options->key, &s->signer, &fault))
        return cli_change_fail_key(s->options, &fault);
    assay_sha256(assay_signer_public(s->signer), ASSAY_P256_PUBLIC_LEN, s->operator_id);
    return ASSAY_EXIT_OK;
}

/* The one place where these verbs sign. */
static int sign_body(struct stating *s, struct assay_slice body,
                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct cli_key_fault fault;
    if (cli_operator_key_sign(s->options->key, s->signer, body, signature, &fault))
        return ASSAY_EXIT_OK;
    return cli_change_fail_key(s->options, &fault);
}

/* ------------------------------------------------------------ the node's answer */

static int fetch_proposal(struct stating *s, const char *id)
{
    char request[96];
    (void)snprintf(request, sizeof request, "proposal %.64s", id);
    const int result = cli_change_request(s->options, request, &s->document);
    if (result == ASSAY_EXIT_OK) s->data = assay_json_get(s->document, "data");
    return result;
}

static bool read_hex(const struct assay_json *object, const char *key, uint8_t *out, size_t len)
{
    const char *text = assay_json_text(object, key, "");
    return strlen(text) == 2 * len && assay_hex_decode(text, 2 * len, out, len) == ASSAY_OK;
}

/* A node's answer, or a change, that must not be signed. */
static int refuse_proposal(const struct stating *s, enum assay_status status, const char *message)
{
    const bool is_host = assay_status_class(status) == ASSAY_CLASS_HOST;
    const struct assay_change_options *o = s->options;
    if (is_host) return cli_change_fail(o, status, o->file);
    return cli_print_error(o->json, ASSAY_EXIT_CONFLICT, "conflict", "%s: %s: %s", o->group,
                           o->file, message);
}

/* The author's record that the node has under this id, verified, and its change. */
static int take_proposal(struct stating *s)
{
    char message[ASSAY_CHANGE_MESSAGE];
    enum assay_status status = cli_proposal_read(s->source.basis, s->data, s->options->file,
                                                 s->proposal_bytes, s->proposal, message);
    if (status != ASSAY_OK)
        return cli_print_error(s->options->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: %s: %s; nothing was signed: query another node",
                               s->options->group, s->options->file, message);
    struct assay_writer w = assay_writer_over(s->file, ASSAY_CHANGE_RECORD_LEN_MAX);
    status = assay_record_put_change(&w, s->proposal->review.change, NULL, NULL, 0);
    if (status == ASSAY_OK) status = assay_draft_decode(assay_slice_over(s->file, w.len), s->draft);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_change_fail(s->options, status, "proposal");
}

static int check_change(const struct stating *s)
{
    char message[ASSAY_CHANGE_MESSAGE];
    const enum assay_status status = cli_proposal_check_change(s->source.basis, s->draft, message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status != ASSAY_E_UNSUPPORTED && status != ASSAY_E_FULL)
        return refuse_proposal(s, status, message);
    return cli_print_error(s->options->json, ASSAY_EXIT_USAGE, "usage", "%s: %s", s->options->group,
                           message);
}

/* The newest statement of this operator in a place; of an approval, about this change. */
static const struct assay_json *find_place(const struct stating *s, uint32_t place)
{
    const struct assay_json *list = assay_json_get(s->data, "places");
    uint8_t id[32], digest[32];
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const struct assay_json *p = assay_json_at(list, i);
        if (!read_hex(p, "operator_id", id, 32) || !read_hex(p, "id", digest, 32)) continue;
        if (!assay_bytes_equal(id, s->operator_id, 32)) continue;
        if (assay_json_uint(p, "place", UINT32_MAX) != place) continue;
        if (place < ASSAY_REVIEW_PLACES || assay_bytes_equal(digest, s->draft->digest, 32))
            return p;
    }
    return NULL;
}

static bool is_open(const struct assay_json *place)
{
    return assay_json_bool(place, "open", false);
}

/* After what this operator stated there before. */
static int set_issue(struct stating *s, const struct assay_json *before)
{
    char message[ASSAY_CHANGE_MESSAGE];
    const enum assay_status status = cli_proposal_set_issue(
        s->source.basis, assay_json_uint(s->data, "epoch", 0), before, &s->review, message);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : refuse_proposal(s, status, message);
}

/* The last epoch of the proposal, as its author signed it. */
static void follow_expiry(struct stating *s)
{
    struct assay_review *r = &s->review;
    const uint64_t last = r->issued + ASSAY_REVIEW_EPOCHS_MAX;
    r->expires = s->proposal->review.expires;
    if (r->expires > last) r->expires = last;
    if (r->expires < r->issued) r->expires = r->issued;
}

/* ------------------------------------------------------------ expiry, comment */

static int set_expiry(struct stating *s)
{
    const struct assay_change_options *o = s->options;
    const uint64_t now = s->review.issued;
    const uint64_t activation = s->draft->change.activation;
    const uint64_t last =
        activation > ASSAY_ACTIVATION_AHEAD_MIN ? activation - ASSAY_ACTIVATION_AHEAD_MIN : 0;
    uint64_t epochs = EXPIRES_DEFAULT;
    if (o->expires != NULL) {
        char *end = NULL;
        epochs = strtoull(o->expires, &end, 10);
        if (o->expires[0] < '0' || o->expires[0] > '9' || *end != '\0' || epochs == 0 ||
            epochs > ASSAY_REVIEW_EPOCHS_MAX)
            return cli_misuse("--expires \"%s\" is not a number of epochs from 1 to %d", o->expires,
                              ASSAY_REVIEW_EPOCHS_MAX);
    }
    if (last < now)
        return cli_print_error(o->json, ASSAY_EXIT_CONFLICT, "conflict",
                               "%s: the change is for epoch %llu, and epoch %llu runs: draft it "
                               "again with a later --activation",
                               o->group, (llu)activation, (llu)now);
    s->review.expires = now + epochs < last ? now + epochs : last;
    if (o->expires != NULL && now + epochs > last) s->wished = now + epochs;
    return ASSAY_EXIT_OK;
}

static int set_comment(struct stating *s)
{
    const char *text = s->options->comment != NULL ? s->options->comment : "";
    if (strlen(text) > ASSAY_REVIEW_COMMENT_MAX)
        return cli_misuse("--comment has %zu bytes; at most %d fit", strlen(text),
                          ASSAY_REVIEW_COMMENT_MAX);
    s->review.comment = assay_slice_over(text, strlen(text));
    if (!assay_review_comment_is_fit(s->review.comment))
        return cli_misuse("--comment is not one line of UTF-8 without control characters");
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ confirmation */

/* "y" or "yes" on the terminal. Without a terminal there is no question, so --yes is needed. */
static int confirm_signing(const struct stating *s, const char *what, const char *ended)
{
    const struct assay_change_options *o = s->options;
    char line[16] = "", digest[65];
    if (o->yes) return ASSAY_EXIT_OK;
    if (o->json || isatty(STDIN_FILENO) == 0)
        return cli_misuse("%s asks for confirmation on a terminal: give --yes to sign without it",
                          o->group);
    assay_hex_encode(s->draft->digest, 32, digest, sizeof digest);
    (void)printf("%s the change with SHA-256 %s", what, digest);
    if (ended != NULL) (void)printf(", and end your own proposal %s if it is open", ended);
    (void)printf("? [y/N] ");
    if (fflush(stdout) != 0 || fgets(line, sizeof line, stdin) == NULL) line[0] = '\0';
    if (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0) return ASSAY_EXIT_OK;
    return cli_print_error(false, ASSAY_EXIT_NONE, "none", "%s: nothing was signed", o->group);
}

static void print_id(const char *name, const uint8_t id[static 32])
{
    char hex[65];
    assay_hex_encode(id, 32, hex, sizeof hex);
    (void)printf("%-15s%s\n", name, hex);
}

/* Is this the first open statement about the change of its operator in the list? */
static bool is_first_open(const struct stating *s, const struct assay_json *list, size_t at)
{
    uint8_t digest[32];
    const struct assay_json *const place = assay_json_at(list, at);
    if (!is_open(place) || !read_hex(place, "id", digest, 32)) return false;
    if (!assay_bytes_equal(digest, s->draft->digest, 32)) return false;
    for (size_t i = 0; i < at; i++)
        if (strcmp(assay_json_text(assay_json_at(list, i), "operator_id", ""),
                   assay_json_text(place, "operator_id", "")) == 0 &&
            is_first_open(s, list, i))
            return false;
    return true;
}

/* The signatures of the change are those of approvals. */
static void print_approvals(const struct stating *s)
{
    const struct assay_json *const list = assay_json_get(s->data, "places");
    const uint32_t needed = s->source.basis->effective.genesis->threshold;
    uint32_t count = 0;
    for (size_t i = 0; i < assay_json_count(list); i++)
        count += is_first_open(s, list, i);
    (void)printf("approvals      %u of %u needed, according to this node, before this one%s\n",
                 (unsigned)count, (unsigned)needed,
                 count + 1 >= needed ? ": it suffices, and a block takes the change" : "");
}

/* What the record contains in addition to the change. */
static void print_statement(const struct stating *s)
{
    const struct assay_review *r = &s->review;
    print_id("digest", s->draft->digest);
    print_id("network", s->draft->change.chain_id);
    (void)printf("era            %u\n", (unsigned)s->draft->change.era);
    if (r->act == ASSAY_REVIEW_PROPOSE) (void)printf("slot           %u\n", (unsigned)r->place);
    else (void)printf("slot           approvals\n");
    (void)printf("issued         epoch %llu\n", (llu)r->issued);
    (void)printf("expires        after epoch %llu\n", (llu)r->expires);
    if (s->wished != 0)
        (void)printf(
            "note           --expires %s would be epoch %llu; the change is for epoch %llu, "
            "and its proposal ends %d epochs before that\n",
            s->options->expires, (llu)s->wished, (llu)s->draft->change.activation,
            ASSAY_ACTIVATION_AHEAD_MIN);
}

/* Before a signature, as text. What this build makes of it, on the state of the queried node. */
static int show_change(struct stating *s)
{
    const struct assay_change_options *o = s->options;
    if (o->json) return ASSAY_EXIT_OK;
    const int result = cli_change_print_unsigned(o, &s->source, s->draft);
    print_approvals(s);
    print_statement(s);
    return result;
}

/* This node's evidence under the new rules: the author's word is not needed. */
static void simulate_change(const struct stating *s)
{
    char path[] = "/tmp/assay-proposal-XXXXXX";
    struct assay_change_options own = *s->options;
    if (s->options->json) return;
    const int fd = mkstemp(path);
    if (fd < 0) return;
    own.file = path;
    const bool is_written =
        write(fd, s->draft->bytes.bytes, s->draft->bytes.len) == (ssize_t)s->draft->bytes.len;
    (void)close(fd);
    const int result = is_written ? cli_change_run_simulate(&own) : ASSAY_EXIT_INTERNAL;
    (void)unlink(path);
    if (result == ASSAY_EXIT_CONTRAINDICATED)
        (void)puts("simulation     the change would suspend so many members that it would be "
                   "reverted");
}

/* ------------------------------------------------------------ sign and submit */

static int report_done(const struct stating *s)
{
    char digest[65];
    const struct assay_review *r = &s->review;
    assay_hex_encode(r->digest, 32, digest, sizeof digest);
    if (s->options->json) {
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "act", assay_review_act_name(r->act));
        assay_json_set_text(data, "id", digest);
        assay_json_set_uint(data, "sequence", r->sequence);
        assay_json_set_uint(data, "place", r->place);
        assay_json_set_uint(data, "issued", r->issued);
        assay_json_set_uint(data, "expires", r->expires);
        assay_json_set_bool(data, "expires_cut", s->wished != 0);
        return cli_print_envelope("assay.change.review", data);
    }
    static const char *const done[] = { [ASSAY_REVIEW_PROPOSE] = "proposed",
                                        [ASSAY_REVIEW_APPROVE] = "approved",
                                        [ASSAY_REVIEW_WITHDRAW] = "withdrawn" };
    (void)printf("%.16s: %s, offered in every epoch until a block has it; last epoch %llu\n",
                 digest, done[r->act], (llu)r->expires);
    if (r->act == ASSAY_REVIEW_WITHDRAW) /* of a proposal, too: to propose is to approve */
        (void)puts("The approval was a signature, and others may have kept it: only another change "
                   "of the same number makes it void.");
    return ASSAY_EXIT_OK;
}

static int submit_record(const struct stating *s, struct assay_slice bytes)
{
    static const char verb[] = "review ";
    const size_t size = sizeof verb + 2 * bytes.len;
    char *request = malloc(size);
    struct assay_json *answer = NULL;
    if (request == NULL) return cli_change_fail(s->options, ASSAY_E_MEMORY, s->options->file);
    assay_bytes_copy(request, size, verb, sizeof verb - 1);
    assay_hex_encode(bytes.bytes, bytes.len, request + sizeof verb - 1, size - sizeof verb + 1);
    const int result = cli_change_request(s->options, request, &answer);
    free(request);
    assay_json_free(&answer);
    return result == ASSAY_EXIT_OK ? report_done(s) : result;
}

static int sign_and_submit(struct stating *s)
{
    struct assay_review *r = &s->review;
    uint8_t bytes[ASSAY_REVIEW_BODY_LEN_MAX], signature[ASSAY_P256_SIGNATURE_LEN];
    assay_bytes_copy(r->chain_id, 32, s->draft->change.chain_id, 32);
    assay_bytes_copy(r->operator_id, 32, s->operator_id, 32);
    assay_bytes_copy(r->digest, 32, s->draft->digest, 32);
    r->era = s->draft->change.era;
    r->sequence = s->draft->change.sequence;
    r->has_signature = r->act != ASSAY_REVIEW_WITHDRAW;
    if (r->has_signature) {
        const int result = sign_body(s, s->draft->body, r->change_signature);
        if (result != ASSAY_EXIT_OK) return result;
    }
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    enum assay_status status = assay_review_encode(r, &w);
    const struct assay_slice body = assay_slice_over(bytes, w.len);
    if (status != ASSAY_OK) return cli_change_fail(s->options, status, s->options->file);
    const int result = sign_body(s, body, signature);
    if (result != ASSAY_EXIT_OK) return result;
    w = assay_writer_over(s->record, ASSAY_CHANGE_RECORD_LEN_MAX);
    const struct assay_slice change =
        r->act == ASSAY_REVIEW_PROPOSE ? s->draft->body : (struct assay_slice){ 0 };
    status = assay_record_put_review(&w, body, signature, change);
    return status == ASSAY_OK ? submit_record(s, assay_slice_over(s->record, w.len))
                              : cli_change_fail(s->options, status, s->options->file);
}

/* ------------------------------------------------------------ verbs */

/* The node's answer first: then its state is no older. id: of the proposal, or "-". */
static int open_stating(const struct assay_change_options *options, struct stating *s,
                        const char *id)
{
    *s = (struct stating){ .options = options };
    s->draft = calloc(1, sizeof *s->draft);
    s->proposal = calloc(1, sizeof *s->proposal);
    s->file = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    s->record = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    s->proposal_bytes = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    if (s->draft == NULL || s->file == NULL || s->record == NULL || s->proposal == NULL ||
        s->proposal_bytes == NULL)
        return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    int result = open_key(s);
    if (result == ASSAY_EXIT_OK) result = fetch_proposal(s, id);
    if (result == ASSAY_EXIT_OK) result = cli_change_source_open(options, &s->source);
    if (result != ASSAY_EXIT_OK) return result;
    return cli_change_signer_among(options, options->group, s->source.basis->effective.genesis,
                                   s->operator_id);
}

/* The same for an id of the command line, and what the node has under it. */
static int open_proposal(const struct assay_change_options *options, struct stating *s)
{
    char message[ASSAY_CHANGE_MESSAGE];
    *s = (struct stating){ .options = options };
    if (!cli_proposal_check_id(options->file, options->yes || options->json, message))
        return cli_misuse("%s \"%s\": %s", options->group, options->file, message);
    const int result = open_stating(options, s, options->file);
    return result == ASSAY_EXIT_OK ? take_proposal(s) : result;
}

static void close_stating(struct stating *s)
{
    assay_signer_close(&s->signer);
    assay_json_free(&s->document);
    cli_change_source_close(&s->source);
    free(s->draft);
    free(s->proposal);
    free(s->file);
    free(s->record);
    free(s->proposal_bytes);
}

/* Of the two places one without an open proposal. Out: *ended: what it had before, NULL: nothing,
 * or the operator withdrew it. Whether that is over is the node's word alone. */
static int choose_place(struct stating *s, const char **ended)
{
    for (uint32_t place = 0; place < ASSAY_REVIEW_PLACES; place++) {
        const struct assay_json *before = find_place(s, place);
        if (before != NULL && is_open(before)) continue;
        s->review.place = place;
        if (before != NULL && strcmp(assay_json_text(before, "act", ""), "withdraw") != 0)
            *ended = cli_proposal_id_of(before, "id");
        return set_issue(s, before);
    }
    return cli_print_error(s->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                           "%s: %d proposals of this operator are open, and more are not allowed: "
                           "withdraw one (assay change inbox, assay change withdraw ID)",
                           s->options->group, ASSAY_REVIEW_PLACES);
}

static void print_replaced(const struct stating *s, const char *ended)
{
    FILE *out = s->options->json ? stderr : stdout;
    if (ended != NULL)
        (void)fprintf(
            out,
            "replaces       %s, your earlier proposal in this slot, which has ended according to "
            "this node; if it has not, this one ends it\n",
            ended);
    else
        (void)fprintf(out, "replaces       nothing, according to this node; if you have an open "
                           "proposal in this slot, this one ends it\n");
}

int cli_change_run_propose(const struct assay_change_options *options)
{
    struct stating s;
    uint8_t *bytes = NULL;
    const char *ended = NULL;
    int result = open_stating(options, &s, "-");
    s.review.act = ASSAY_REVIEW_PROPOSE;
    if (result == ASSAY_EXIT_OK) result = cli_change_file_load(options, &bytes, s.draft);
    if (result == ASSAY_EXIT_OK) result = check_change(&s);
    if (result == ASSAY_EXIT_OK) result = choose_place(&s, &ended);
    if (result == ASSAY_EXIT_OK) result = set_expiry(&s);
    if (result == ASSAY_EXIT_OK) result = set_comment(&s);
    if (result == ASSAY_EXIT_OK) result = show_change(&s);
    if (result == ASSAY_EXIT_OK) {
        print_replaced(&s, ended);
        result = confirm_signing(&s, "Propose and approve", ended);
    }
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    free(bytes);
    return result;
}

/* As its author signed it. */
static void print_author(const struct stating *s)
{
    const struct assay_review *r = &s->proposal->review;
    char comment[CLI_PROPOSAL_COMMENT_LEN];
    if (s->options->json) return;
    print_id("proposed by", r->operator_id);
    if (r->comment.len > 0)
        (void)printf("comment        %s\n", cli_proposal_comment(r->comment, comment));
}

static bool has_statement(const struct stating *s)
{
    for (uint32_t place = 0; place <= ASSAY_REVIEW_PLACE_APPROVAL; place++) {
        const struct assay_json *before = find_place(s, place);
        uint8_t digest[32];
        if (before != NULL && is_open(before) && read_hex(before, "id", digest, 32) &&
            assay_bytes_equal(digest, s->draft->digest, 32))
            return true;
    }
    return false;
}

/* A proposal is an approval of its author, and one counts once: another one changes nothing. */
static bool is_counted(const struct stating *s)
{
    const struct assay_json *const approval = find_place(s, ASSAY_REVIEW_PLACE_APPROVAL);
    const bool is_withdrawn =
        approval != NULL && strcmp(assay_json_text(approval, "act", ""), "withdraw") == 0;
    return !is_withdrawn && has_statement(s);
}

static int report_counted(const struct stating *s)
{
    const struct assay_review *const r = &s->proposal->review;
    const bool is_author = assay_bytes_equal(r->operator_id, s->operator_id, 32);
    char digest[65];
    assay_hex_encode(s->draft->digest, 32, digest, sizeof digest);
    if (s->options->json) {
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "act", assay_review_act_name(ASSAY_REVIEW_APPROVE));
        assay_json_set_text(data, "id", digest);
        assay_json_set_uint(data, "sequence", r->sequence);
        assay_json_set_uint(data, "expires", r->expires);
        assay_json_set_bool(data, "counted_already", true);
        return cli_print_envelope("assay.change.review", data);
    }
    (void)printf("%.16s: nothing was signed: %s\n", digest,
                 is_author ? "it is your own proposal, which counts as your approval already"
                           : "your approval counts already");
    return ASSAY_EXIT_OK;
}

int cli_change_run_approve(const struct assay_change_options *options)
{
    struct stating s;
    int result = open_proposal(options, &s);
    s.review.act = ASSAY_REVIEW_APPROVE;
    s.review.place = ASSAY_REVIEW_PLACE_APPROVAL;
    if (result == ASSAY_EXIT_OK && is_counted(&s)) {
        result = report_counted(&s);
        close_stating(&s);
        return result;
    }
    if (result == ASSAY_EXIT_OK) result = check_change(&s);
    if (result == ASSAY_EXIT_OK)
        result = set_issue(&s, find_place(&s, ASSAY_REVIEW_PLACE_APPROVAL));
    if (result == ASSAY_EXIT_OK) {
        follow_expiry(&s);
        result = set_comment(&s);
    }
    if (result == ASSAY_EXIT_OK) {
        print_author(&s);
        result = show_change(&s);
    }
    if (result == ASSAY_EXIT_OK) simulate_change(&s);
    if (result == ASSAY_EXIT_OK) result = confirm_signing(&s, "Approve", NULL);
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    return result;
}

/* In the place of approvals it ends all that the operator stated about the change, in any place,
 * for some epochs to come; and no later proposal takes this place. A node may hold back a
 * statement, or lie about it: the operator alone knows that there is one. */
static int choose_withdrawal(struct stating *s)
{
    if (!has_statement(s) && !s->options->yes)
        return cli_print_error(
            s->options->json, ASSAY_EXIT_NOT_FOUND, "not_found",
            "%s: %s: the operator of this key has neither proposed nor approved it, as this node "
            "shows; --yes withdraws what another node may hold back",
            s->options->group, s->options->file);
    s->review.place = ASSAY_REVIEW_PLACE_APPROVAL;
    const int result = set_issue(s, find_place(s, ASSAY_REVIEW_PLACE_APPROVAL));
    if (result != ASSAY_EXIT_OK) return result;
    follow_expiry(s);
    return ASSAY_EXIT_OK;
}

int cli_change_run_withdraw(const struct assay_change_options *options)
{
    struct stating s;
    int result = open_proposal(options, &s);
    s.review.act = ASSAY_REVIEW_WITHDRAW;
    if (result == ASSAY_EXIT_OK) result = choose_withdrawal(&s);
    if (result == ASSAY_EXIT_OK) result = set_comment(&s);
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    return result;
}
