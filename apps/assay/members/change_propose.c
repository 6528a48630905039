/*
 * apps/assay/members/change_propose.c - `assay change propose`, `approve` and `withdraw`: what an
 * operator states about a change, signed and submitted to a running node (docs/protocol.md 9.19).
 *
 * What is signed is what was shown: the body is decoded here, its digest computed here, and the
 * node's own words about it are not used.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "engine/ledger/records/record.h"
#include "net/keys/keyring.h"

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
    struct assay_change_draft *draft; /* of the change, without signatures */
    uint8_t *file, *record;           /* [ASSAY_CHANGE_RECORD_LEN_MAX] */
    uint8_t operator_id[32];
    struct assay_review review;
};

/* ------------------------------------------------------------ the key */

/* The one place where these verbs use an operator's key. signer NULL: only the id is wanted. */
static int use_key(struct stating *s, const uint8_t *digest,
                   uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_secret32 key;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer = NULL;
    enum assay_status status = assay_operator_key_load(s->options->key, &key, public_key);
    if (status == ASSAY_OK) {
        assay_sha256(public_key, sizeof public_key, s->operator_id);
        if (digest != NULL) status = assay_p256_signer_load(&key, &signer);
        if (digest != NULL && status == ASSAY_OK)
            status = assay_p256_sign(signer, digest, signature);
    }
    assay_p256_signer_free(&signer);
    assay_secret_wipe(&key, sizeof key);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_change_fail(s->options, status, s->options->key);
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

/* The change that the node has under this id, decoded here. */
static int take_change(struct stating *s)
{
    const char *hex = assay_json_text(s->data, "change", "");
    const size_t len = strlen(hex) / 2;
    uint8_t *body = malloc(len + 1);
    if (body == NULL) return cli_change_fail(s->options, ASSAY_E_MEMORY, s->options->file);
    struct assay_writer w = assay_writer_over(s->file, ASSAY_CHANGE_RECORD_LEN_MAX);
    enum assay_status status = assay_hex_decode(hex, 2 * len, body, len);
    if (status == ASSAY_OK)
        status = assay_record_put_change(&w, assay_slice_over(body, len), NULL, NULL, 0);
    if (status == ASSAY_OK)
        status = assay_change_draft_decode(assay_slice_over(s->file, w.len), s->draft);
    free(body);
    char digest[65];
    assay_hex_encode(s->draft->digest, 32, digest, sizeof digest);
    if (status == ASSAY_OK && strncmp(digest, s->options->file, strlen(s->options->file)) == 0)
        return ASSAY_EXIT_OK;
    return cli_print_error(s->options->json, ASSAY_EXIT_MALFORMED, "malformed",
                           "%s: the node's answer is not the change %.64s: expected a change "
                           "whose body has this SHA-256; query another node",
                           s->options->group, s->options->file);
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
static void set_issue(struct stating *s, const struct assay_json *before)
{
    struct assay_review *r = &s->review;
    const uint64_t issued = assay_json_uint(before, "issued", 0);
    r->issued = assay_json_uint(s->data, "epoch", 0);
    if (issued > r->issued) r->issued = issued;
    r->number =
        before != NULL && issued == r->issued ? assay_json_uint(before, "number", 0) + 1 : 0;
}

/* ------------------------------------------------------------ expiry, comment */

static int set_expiry(struct stating *s)
{
    const struct assay_change_options *o = s->options;
    const uint64_t now = assay_json_uint(s->data, "epoch", 0);
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

/* "y" or "yes" on the terminal. Without one nobody is asked, so --yes is needed. */
static int confirm_signing(const struct stating *s, const char *what)
{
    const struct assay_change_options *o = s->options;
    char line[16] = "", digest[65];
    if (o->yes) return ASSAY_EXIT_OK;
    if (o->json || isatty(STDIN_FILENO) == 0)
        return cli_misuse("%s asks for confirmation on a terminal: give --yes to sign without it",
                          o->group);
    assay_hex_encode(s->draft->digest, 32, digest, sizeof digest);
    (void)printf("%s the change with SHA-256 %s? [y/N] ", what, digest);
    if (fflush(stdout) != 0 || fgets(line, sizeof line, stdin) == NULL) line[0] = '\0';
    if (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0) return ASSAY_EXIT_OK;
    return cli_print_error(false, ASSAY_EXIT_NONE, "none", "%s: nothing was signed", o->group);
}

/* Before a signature, as text. What this build makes of it, on the state of the queried node. */
static int show_change(struct stating *s)
{
    const struct assay_change_options *o = s->options;
    char digest[65];
    int result =
        cli_change_signer_among(o, o->group, s->source.basis->effective.genesis, s->operator_id);
    if (result != ASSAY_EXIT_OK || o->json) return result;
    result = cli_change_print(o, &s->source, s->draft);
    assay_hex_encode(s->draft->digest, 32, digest, sizeof digest);
    (void)printf("digest         %s\n", digest);
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
        assay_json_set_uint(data, "expires", r->expires);
        return cli_print_envelope("assay.change.review", data);
    }
    static const char *const done[] = { [ASSAY_REVIEW_PROPOSE] = "proposed",
                                        [ASSAY_REVIEW_APPROVE] = "approved",
                                        [ASSAY_REVIEW_WITHDRAW] = "withdrawn" };
    (void)printf("%.16s: %s, offered in every epoch until a block has it; last epoch %llu\n",
                 digest, done[r->act], (llu)r->expires);
    if (r->act == ASSAY_REVIEW_WITHDRAW && r->place == ASSAY_REVIEW_PLACE_APPROVAL)
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
    uint8_t bytes[ASSAY_REVIEW_BODY_LEN_MAX], digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
    assay_bytes_copy(r->chain_id, 32, s->draft->change.chain_id, 32);
    assay_bytes_copy(r->operator_id, 32, s->operator_id, 32);
    assay_bytes_copy(r->digest, 32, s->draft->digest, 32);
    r->era = s->draft->change.era;
    r->sequence = s->draft->change.sequence;
    r->has_signature = r->act != ASSAY_REVIEW_WITHDRAW;
    if (r->has_signature) {
        const int result = use_key(s, r->digest, r->change_signature);
        if (result != ASSAY_EXIT_OK) return result;
    }
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    enum assay_status status = assay_review_encode(r, &w);
    const struct assay_slice body = assay_slice_over(bytes, w.len);
    if (status != ASSAY_OK) return cli_change_fail(s->options, status, s->options->file);
    assay_sha256(body.bytes, body.len, digest);
    const int result = use_key(s, digest, signature);
    if (result != ASSAY_EXIT_OK) return result;
    w = assay_writer_over(s->record, ASSAY_CHANGE_RECORD_LEN_MAX);
    const struct assay_slice change =
        r->act == ASSAY_REVIEW_PROPOSE ? s->draft->body : (struct assay_slice){ 0 };
    status = assay_record_put_review(&w, body, signature, change);
    return status == ASSAY_OK ? submit_record(s, assay_slice_over(s->record, w.len))
                              : cli_change_fail(s->options, status, s->options->file);
}

/* ------------------------------------------------------------ verbs */

static int open_stating(const struct assay_change_options *options, struct stating *s)
{
    uint8_t none[ASSAY_P256_SIGNATURE_LEN];
    *s = (struct stating){ .options = options };
    s->draft = calloc(1, sizeof *s->draft);
    s->file = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    s->record = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    if (s->draft == NULL || s->file == NULL || s->record == NULL)
        return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    const int result = use_key(s, NULL, none);
    return result == ASSAY_EXIT_OK ? cli_change_source_open(options, &s->source) : result;
}

static void close_stating(struct stating *s)
{
    assay_json_free(&s->document);
    cli_change_source_close(&s->source);
    free(s->draft);
    free(s->file);
    free(s->record);
}

/* Of the two places one without an open proposal. */
static int choose_place(struct stating *s)
{
    for (uint32_t place = 0; place < ASSAY_REVIEW_PLACES; place++) {
        const struct assay_json *before = find_place(s, place);
        if (before != NULL && is_open(before)) continue;
        s->review.place = place;
        set_issue(s, before);
        return ASSAY_EXIT_OK;
    }
    return cli_print_error(s->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                           "%s: %d proposals of this operator are open, and more are not allowed: "
                           "withdraw one (assay change inbox, assay change withdraw ID)",
                           s->options->group, ASSAY_REVIEW_PLACES);
}

static int check_file(const struct stating *s)
{
    const struct assay_change_options *o = s->options;
    if (s->draft->change.sequence == 0)
        return cli_print_error(o->json, ASSAY_EXIT_USAGE, "usage",
                               "%s: maintenance needs no approval: sign and submit it", o->group);
    if (s->draft->body.len > ASSAY_REVIEW_CHANGE_LEN_MAX)
        return cli_print_error(o->json, ASSAY_EXIT_USAGE, "usage",
                               "%s: the change has %zu bytes, and a proposal at most %d: sign it "
                               "as a file (assay change sign)",
                               o->group, s->draft->body.len, ASSAY_REVIEW_CHANGE_LEN_MAX);
    return ASSAY_EXIT_OK;
}

int cli_change_run_propose(const struct assay_change_options *options)
{
    struct stating s;
    uint8_t *bytes = NULL;
    int result = open_stating(options, &s);
    s.review.act = ASSAY_REVIEW_PROPOSE;
    if (result == ASSAY_EXIT_OK) result = cli_change_file_load(options, &bytes, s.draft);
    if (result == ASSAY_EXIT_OK) result = check_file(&s);
    if (result == ASSAY_EXIT_OK) result = fetch_proposal(&s, "-");
    if (result == ASSAY_EXIT_OK) result = choose_place(&s);
    if (result == ASSAY_EXIT_OK) result = set_expiry(&s);
    if (result == ASSAY_EXIT_OK) result = set_comment(&s);
    if (result == ASSAY_EXIT_OK) result = show_change(&s);
    if (result == ASSAY_EXIT_OK) result = confirm_signing(&s, "Propose and approve");
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    free(bytes);
    return result;
}

static int print_author(const struct stating *s)
{
    const char *comment = assay_json_text(s->data, "comment", "");
    if (s->options->json) return ASSAY_EXIT_OK;
    (void)printf("proposed by    %.64s\n", assay_json_text(s->data, "author_id", ""));
    if (comment[0] != '\0') (void)printf("comment        %s\n", cli_text_sanitized(comment));
    return ASSAY_EXIT_OK;
}

int cli_change_run_approve(const struct assay_change_options *options)
{
    struct stating s;
    int result = open_stating(options, &s);
    s.review.act = ASSAY_REVIEW_APPROVE;
    s.review.place = ASSAY_REVIEW_PLACE_APPROVAL;
    if (result == ASSAY_EXIT_OK) result = fetch_proposal(&s, options->file);
    if (result == ASSAY_EXIT_OK) result = take_change(&s);
    if (result == ASSAY_EXIT_OK) {
        set_issue(&s, find_place(&s, ASSAY_REVIEW_PLACE_APPROVAL));
        s.review.expires = assay_json_uint(s.data, "expires", 0);
        result = set_comment(&s);
    }
    if (result == ASSAY_EXIT_OK) result = print_author(&s);
    if (result == ASSAY_EXIT_OK) result = show_change(&s);
    if (result == ASSAY_EXIT_OK) simulate_change(&s);
    if (result == ASSAY_EXIT_OK) result = confirm_signing(&s, "Approve");
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    return result;
}

/* Its proposal, or else its approval of another's. */
static int choose_withdrawal(struct stating *s)
{
    for (uint32_t place = 0; place <= ASSAY_REVIEW_PLACE_APPROVAL; place++) {
        const struct assay_json *before = find_place(s, place);
        uint8_t digest[32];
        if (before == NULL || !is_open(before) || !read_hex(before, "id", digest, 32)) continue;
        if (!assay_bytes_equal(digest, s->draft->digest, 32)) continue;
        s->review.place = place;
        set_issue(s, before);
        s->review.expires = assay_json_uint(before, "expires", s->review.issued);
        return ASSAY_EXIT_OK;
    }
    return cli_print_error(s->options->json, ASSAY_EXIT_NOT_FOUND, "not_found",
                           "%s: %s: the operator of this key has neither proposed nor approved it",
                           s->options->group, s->options->file);
}

int cli_change_run_withdraw(const struct assay_change_options *options)
{
    struct stating s;
    int result = open_stating(options, &s);
    s.review.act = ASSAY_REVIEW_WITHDRAW;
    if (result == ASSAY_EXIT_OK) result = fetch_proposal(&s, options->file);
    if (result == ASSAY_EXIT_OK) result = take_change(&s);
    if (result == ASSAY_EXIT_OK) result = choose_withdrawal(&s);
    if (result == ASSAY_EXIT_OK) result = set_comment(&s);
    if (result == ASSAY_EXIT_OK) result = sign_and_submit(&s);
    close_stating(&s);
    return result;
}
