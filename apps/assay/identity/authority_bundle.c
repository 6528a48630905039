/*
 * apps/assay/identity/authority_bundle.c - `assay ca bundle`: CA certificates, SPIFFE bundle or
 * keys of tokens in a file, proven from a checkpoint or as a node shows them (docs/identity.md 12).
 */
#include "apps/assay/identity/authority.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/identity/authority_source.h"
#include "base/base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "assay ca bundle";

static const char bundle_view[] =
    "{files.0}: [?format=jwks keys of tokens|[?format=spiffe SPIFFE bundle|[?format=cross "
    "certificates of CA numbers by the one before|CA certificates]]] of "
    "{trust_domain}[?insecure , INSECURE]\n"
    "trusted        [?proven from the checkpoint: key of epoch {epoch} of era {era}, closed at "
    "{time_ms:time}, until {expires_ms:time}|by the node; --checkpoint verifies it without "
    "trusting "
    "the node]\n"
    "[*numbers key            {key}: CA number {number}[?state , {state}][?not_after_ms , "
    "certificate until "
    "{not_after_ms:time}]\n]";

static bool read_format(const char *text, enum cli_authority_format *format)
{
    static const char *const names[] = { "pem", "spiffe", "jwks", "cross" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        *format = (enum cli_authority_format)i;
        return true;
    }
    return false;
}

static int write_file(const struct cli_authority_options *o, struct assay_slice bytes)
{
    return cli_output_write(command, o->out, ASSAY_FILE_PUBLIC, bytes);
}

static struct assay_json *new_result(const struct cli_authority_options *o, bool is_proven)
{
    struct assay_json *const data =
        cli_result_json("bundle", (const char *const[]){ o->out, o->next, NULL });
    assay_json_set_text(data, "format", o->format);
    assay_json_set_bool(data, "proven", is_proven);
    return data;
}

/* ------------------------------------------------------------ proven */

static int write_next(const struct cli_authority_options *o, const struct assay_checkpoint *next)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (o->next == NULL) return ASSAY_EXIT_OK;
    if (assay_checkpoint_encode(next, &w) != ASSAY_OK) return ASSAY_EXIT_INTERNAL;
    return cli_output_write(command, o->next, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, w.len));
}

static const char *state_name(enum assay_ca_state state)
{
    switch (state) {
    case ASSAY_CA_GONE: return "gone";
    case ASSAY_CA_NEXT: return "next";
    case ASSAY_CA_ACTIVE: return "active";
    case ASSAY_CA_OLD: return "old";
    }
    return "unknown";
}

static int print_proven(const struct cli_authority_options *o, const struct cli_authority *a)
{
    const struct assay_authority_proven *const p = a->proven;
    struct assay_json *const data = new_result(o, true);
    assay_json_set_text(data, "trust_domain", p->plan.identity.trust_domain);
    assay_json_set_text(data, "issuer", p->plan.identity.issuer);
    assay_json_set_bool(data, "insecure", p->plan.identity.insecure);
    assay_json_set_uint(data, "era", p->network.next.era);
    assay_json_set_uint(data, "epoch", p->network.next.epoch);
    assay_json_set_uint(data, "time_ms", p->network.time_ms);
    assay_json_set_uint(data, "expires_ms", a->expires_ms);
    struct assay_json *const list = assay_json_set_array(data, "numbers");
    for (uint32_t i = 0; i < p->count; i++) {
        const struct assay_authority_number *const n = &p->number[i];
        struct assay_json *const one = assay_json_append_object(list);
        assay_json_set_uint(one, "number", n->ca.number);
        assay_json_set_text(one, "state", state_name(n->state));
        assay_json_set_hex(one, "key", n->ca.public_key, 32);
        if (n->certificate.len > 0)
            assay_json_set_uint(one, "not_after_ms", (uint64_t)n->not_after_s * 1000);
    }
    return cli_result_print(data, bundle_view);
}

static int report_lack(const struct assay_authority_proven *p, enum cli_authority_format format,
                       enum assay_status status)
{
    const struct assay_authority_number *const lacking = cli_authority_lacking(p);
    if (format == CLI_AUTHORITY_CROSS)
        (void)fprintf(stderr,
                      "%s: no number before the active one is published, or the node does not have "
                      "its signature (%s)\n",
                      command, assay_status_text(status));
    else if (lacking != NULL)
        (void)fprintf(stderr,
                      "%s: the proof lacks a certificate in date of CA number %" PRIu32
                      ", which is %s: nothing was written; request another node, or again in some "
                      "epochs if the number is new\n",
                      command, lacking->ca.number, state_name(lacking->state));
    else (void)fprintf(stderr, "%s: %s\n", command, assay_status_text(status));
    return ASSAY_EXIT_NOT_FOUND;
}

static int write_proven(const struct cli_authority_options *o, enum cli_authority_format format)
{
    struct cli_authority_query q = {
        .command = command, .node = o->node, .file = o->proof, .time = o->time
    };
    struct cli_authority a = { .bytes = NULL };
    uint8_t *const bytes = malloc(CLI_AUTHORITY_BUNDLE_MAX);
    struct assay_slice out;
    if (bytes == NULL) return ASSAY_EXIT_INTERNAL;
    int exit = cli_proof_checkpoint(command, o->checkpoint, &q.checkpoint);
    if (exit == ASSAY_EXIT_OK) exit = cli_authority_prove(&q, &a);
    if (exit == ASSAY_EXIT_OK) {
        const enum assay_status status =
            cli_authority_encode(a.proven, format, bytes, CLI_AUTHORITY_BUNDLE_MAX, &out);
        if (status != ASSAY_OK) exit = report_lack(a.proven, format, status);
    }
    if (exit == ASSAY_EXIT_OK) exit = write_file(o, out);
    if (exit == ASSAY_EXIT_OK) exit = write_next(o, &a.proven->network.next);
    if (exit == ASSAY_EXIT_OK) exit = print_proven(o, &a);
    cli_authority_free(&a);
    free(bytes);
    return exit;
}

/* ------------------------------------------------------------ as the node shows it */

/* Each certificate of a SPIFFE bundle as PEM. Returns: false: it has none that can be read */
static bool put_certificates(const struct assay_json *bundle, uint8_t *text, size_t capacity,
                             struct assay_slice *out)
{
    const struct assay_json *const keys = assay_json_get(bundle, "keys");
    size_t at = 0;
    for (size_t i = 0; i < assay_json_count(keys); i++) {
        uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
        const struct assay_json *const chain = assay_json_get(assay_json_at(keys, i), "x5c");
        const char *const one = assay_json_as_text(assay_json_at(chain, 0));
        size_t len = 0, put = 0;
        if (one == NULL ||
            assay_base64_decode(ASSAY_BASE64_STANDARD, one, strlen(one), der, sizeof der, &len) !=
                ASSAY_OK ||
            assay_pem_put("CERTIFICATE", der, len, text + at, capacity - at, &put) != ASSAY_OK)
            return false;
        at += put;
    }
    *out = assay_slice_over(text, at);
    return at > 0;
}

/* Of a document about the authority: the numbers that it publishes. */
static void copy_numbers(struct assay_json *data, const struct assay_json *from)
{
    struct assay_json *const list = assay_json_set_array(data, "numbers");
    const struct assay_json *const numbers = assay_json_get(from, "numbers");
    for (size_t i = 0; i < assay_json_count(numbers); i++) {
        const struct assay_json *const shown = assay_json_at(numbers, i);
        struct assay_json *const one = assay_json_append_object(list);
        assay_json_set_uint(one, "number", assay_json_uint(shown, "number", 0));
        assay_json_set_text(one, "state", assay_json_text(shown, "state", ""));
        assay_json_set_text(one, "key", assay_json_text(shown, "key", ""));
    }
}

static int write_shown(const struct cli_authority_options *o, enum cli_authority_format format)
{
    struct assay_json *document = NULL, *about = NULL;
    const bool is_jwks = format == CLI_AUTHORITY_JWKS;
    int exit = cli_authority_get(command, &o->node, "authority", &about);
    if (exit == ASSAY_EXIT_OK)
        exit = cli_authority_get(command, &o->node, is_jwks ? "jwks" : "bundle", &document);
    if (exit != ASSAY_EXIT_OK) {
        assay_json_free(&about);
        return exit;
    }
    /* Over HTTP the object is the answer itself (docs/http.md 2). */
    const struct assay_json *const inner =
        assay_json_get(assay_json_get(document, "data"), is_jwks ? "jwks" : "bundle");
    const struct assay_json *const object = inner != NULL ? inner : document;
    uint8_t *const pem = malloc(CLI_AUTHORITY_BUNDLE_MAX);
    char *const text = assay_json_print(object, 0);
    struct assay_slice out = { NULL, 0 };
    bool is_read = pem != NULL && text != NULL;
    if (is_read && format == CLI_AUTHORITY_PEM)
        is_read = put_certificates(object, pem, CLI_AUTHORITY_BUNDLE_MAX, &out);
    else if (is_read) out = assay_slice_over(text, strlen(text));
    if (!is_read) {
        (void)fprintf(stderr,
                      "%s: expected a SPIFFE bundle with certificates, found another "
                      "document\n",
                      command);
        exit = ASSAY_EXIT_MALFORMED;
    }
    if (exit == ASSAY_EXIT_OK) exit = write_file(o, out);
    if (exit == ASSAY_EXIT_OK) {
        const struct assay_json *const from = assay_json_get(about, "data");
        struct assay_json *const data = new_result(o, false);
        assay_json_set_text(data, "trust_domain", assay_json_text(from, "trust_domain", ""));
        assay_json_set_text(data, "issuer", assay_json_text(from, "issuer", ""));
        assay_json_set_bool(data, "insecure", assay_json_bool(from, "insecure", false));
        copy_numbers(data, from);
        exit = cli_result_print(data, bundle_view);
    }
    free(text);
    free(pem);
    assay_json_free(&document);
    assay_json_free(&about);
    return exit;
}

int cli_authority_bundle(const struct cli_authority_options *options)
{
    struct cli_authority_options o = *options;
    enum cli_authority_format format = CLI_AUTHORITY_PEM;
    if (o.format == NULL) o.format = "pem";
    if (!read_format(o.format, &format))
        return cli_misuse("--format: expected pem, spiffe, jwks or cross, found \"%.40s\"",
                          o.format);
    if (o.checkpoint != NULL) return write_proven(&o, format);
    if (format == CLI_AUTHORITY_CROSS) return cli_misuse("--format cross needs --checkpoint FILE");
    if (o.proof != NULL || o.next != NULL || o.time.max_age != NULL || o.time.at_unix_s != 0)
        return cli_misuse("--proof, --next, --max-age and --at need --checkpoint FILE");
    return write_shown(&o, format);
}
