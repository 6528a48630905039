/*
 * apps/assay/evidence/ear.c - attestation results (EAR): signing a verdict, and `assay ear verify`.
 */
#include "apps/assay/evidence/ear.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/ear_read.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/base64.h"
#include "base/file/kind.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "net/documents/ear_token.h"
#include "net/keys/keyring.h"
#include "quote/json.h"
#include "quote/result/cmw.h"
#include "quote/result/cwt.h"
#include "quote/result/jwt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- making one */
#define COMPLAIN(json, ...) cli_print_error((json), ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

enum { NONCE_CBOR_MAX = 64 }; /* RFC 9711 4.1 */

/* The forms of --ear-form: a token, alone or in a record of the wrapper. */
static const struct ear_form {
    const char *option;
    bool cbor;
    bool wrapped;
} forms[] = {
    { "jwt", false, false },
    { "cwt", true, false },
    { "cmw-json", false, true },
    { "cmw-cbor", true, true },
};

/* The table of options has let nothing else through. */
static const struct ear_form *form_of(const struct assay_ear_options *options)
{
    for (size_t i = 1; options->form != NULL && i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(options->form, forms[i].option) == 0) return &forms[i];
    return &forms[0];
}

int cli_ear_check(const struct assay_ear_options *options, bool json)
{
    if (options->file == NULL) {
        if (options->key == NULL && options->profile == NULL && options->nonce == NULL &&
            options->form == NULL)
            return ASSAY_EXIT_OK;
        return COMPLAIN(json,
                        "--ear-key, --ear-profile, --ear-nonce and --ear-form belong to --ear");
    }
    if (options->key == NULL) return COMPLAIN(json, "--ear needs --ear-key");
    if (form_of(options)->cbor && options->profile != NULL &&
        strcmp(options->profile, "ietf-04") != 0)
        return COMPLAIN(json, "--ear-form %s: profile %s has no CBOR; expected ietf-04",
                        options->form, options->profile);
    if (form_of(options)->cbor && options->nonce != NULL && strlen(options->nonce) > NONCE_CBOR_MAX)
        return COMPLAIN(json, "--ear-nonce: expected at most %d characters in CBOR, found %zu",
                        NONCE_CBOR_MAX, strlen(options->nonce));
    if (options->nonce != NULL && !assay_ear_nonce_is_fit(options->nonce, strlen(options->nonce)))
        return COMPLAIN(json,
                        "--ear-nonce: expected %d to %d characters of printable ASCII, found %zu: "
                        "\"%.88s\"",
                        ASSAY_EAR_NONCE_MIN, ASSAY_EAR_NONCE_MAX, strlen(options->nonce),
                        options->nonce);
    return ASSAY_EXIT_OK;
}

static struct assay_ear_terms terms_of(const struct cli_appraisal *a,
                                       const struct assay_ear_options *options)
{
    struct assay_ear_terms terms = {
        .profile = ASSAY_EAR_IETF_04,
        .developer = "Assay",
        .build = "assay " ASSAY_VERSION,
        .issued_unix_s = a->at_unix_s,
        .cbor = form_of(options)->cbor,
    };
    if (options->profile != NULL)
        assay_status_ignore(assay_ear_profile_parse(options->profile, &terms.profile),
                            "cli_ear_check has read it");
    if (options->nonce != NULL)
        terms.nonce = assay_slice_over(options->nonce, strlen(options->nonce));
    const bool malformed = a->malformed != ASSAY_OK;
    assay_sha256(malformed ? a->file : a->bytes, malformed ? a->file_len : a->len,
                 terms.evidence_digest);
    assay_policy_digest(a->policy, terms.policy_digest);
    return terms;
}

/* Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status sign_digest(const struct assay_secret32 *secret,
                                     const uint8_t digest[static ASSAY_SHA256_LEN],
                                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(secret, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status;
}

/* Returns: ASSAY_OK and the token | ASSAY_E_FULL | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status sign_ear(const struct cli_appraisal *a,
                                  const struct assay_ear_terms *terms,
                                  const struct assay_secret32 *secret, const uint8_t *public_key,
                                  struct assay_writer *token)
{
    static uint8_t claims_bytes[ASSAY_EAR_CLAIMS_MAX];
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer claims = assay_writer_over(claims_bytes, sizeof claims_bytes);
    struct assay_slice claims_text;
    assay_ear_claims(a->verdict, a->policy, terms, &claims);
    ASSAY_TRY(assay_writer_finish(&claims, &claims_text));
    if (terms->cbor) {
        assay_cwt_digest(public_key, claims_text, digest);
        ASSAY_TRY(sign_digest(secret, digest, signature));
        assay_cwt_put(token, public_key, claims_text, signature);
        return token->full ? ASSAY_E_FULL : ASSAY_OK;
    }
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_p256_signer_load(secret, &signer));
    const enum assay_status status =
        assay_document_ear_sign(signer, public_key, terms->profile, claims_text, token);
    assay_p256_signer_free(&signer);
    return status;
}

/* The token in its record, with the media type of RFC 9782 and the profile that types it. */
static void wrap_token(const struct assay_ear_terms *terms, struct assay_slice token,
                       struct assay_writer *out)
{
    char type[128];
    (void)snprintf(type, sizeof type, "application/eat+%s; eat_profile=\"%s\"",
                   terms->cbor ? "cwt" : "jwt", assay_ear_names(terms->profile).profile);
    if (terms->cbor) assay_cmw_put_cbor(out, type, token, ASSAY_CMW_ATTESTATION_RESULTS);
    else assay_cmw_put_json(out, type, token, ASSAY_CMW_ATTESTATION_RESULTS);
}

/* CBOR is no text: printed, it is base64url. */
static int print_cbor(struct assay_slice bytes)
{
    static char text[2 * ASSAY_EAR_TOKEN_MAX];
    size_t len = 0;
    if (assay_base64_encode(ASSAY_BASE64_URL, bytes.bytes, bytes.len, text, sizeof text, &len) !=
        ASSAY_OK)
        return ASSAY_EXIT_INTERNAL;
    return puts(text) >= 0 && fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* out: with room for the line end of a text. */
static int save_token(const char *path, bool cbor, struct assay_writer *out)
{
    const bool prints = strcmp(path, "-") == 0;
    if (!cbor) assay_writer_u8(out, '\n');
    if (out->full) return ASSAY_EXIT_INTERNAL;
    const struct assay_slice token = assay_slice_over(out->bytes, out->len);
    if (prints && cbor) return print_cbor(token);
    if (prints) {
        const bool ok =
            fwrite(token.bytes, 1, token.len, stdout) == token.len && fflush(stdout) == 0;
        return ok ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    }
    return cli_output_write("assay: --ear", path, ASSAY_FILE_PUBLIC, token);
}

int cli_ear_key_report(bool json, const char *key, enum assay_status status)
{
    if (status == ASSAY_E_NOT_FOUND)
        return cli_print_error(json, ASSAY_EXIT_NOT_FOUND, "not_found",
                               "--ear-key %s: no such file (`assay keys operator` makes one)", key);
    if (assay_status_class(status) == ASSAY_CLASS_HOST && status != ASSAY_E_IO)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "--ear-key %s: %s", key,
                               assay_status_text(status));
    return COMPLAIN(json, "--ear-key %s: %s", key,
                    cli_file_fault_of(key, status, "an operator key"));
}

int cli_ear_write(const struct cli_appraisal *a, const struct assay_ear_options *options)
{
    static uint8_t bytes[ASSAY_EAR_TOKEN_MAX], record[2 * ASSAY_EAR_TOKEN_MAX];
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_writer token = assay_writer_over(bytes, sizeof bytes);
    struct assay_writer out = assay_writer_over(record, sizeof record);
    const struct assay_ear_terms terms = terms_of(a, options);
    enum assay_status status = assay_keyring_operator_load(options->key, &secret, public_key);
    if (status != ASSAY_OK) return cli_ear_key_report(a->json, options->key, status);
    status = sign_ear(a, &terms, &secret, public_key, &token);
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK)
        return cli_print_error(a->json, ASSAY_EXIT_INTERNAL, "internal", "--ear: %s",
                               assay_status_text(status));
    if (form_of(options)->wrapped) wrap_token(&terms, assay_slice_over(bytes, token.len), &out);
    return save_token(options->file, terms.cbor, form_of(options)->wrapped ? &out : &token);
}

/* --- reading one */
struct ear_arguments {
    const char *token;
    const char *key;
    int64_t at_unix_s;
    const char *nonce;
    const char *node; /* id as hexadecimal; NULL: whatever it is about */
    bool json;
};

/* 128 hexadecimal digits, alone or after "public_key:", as `assay keys operator` prints them. */
static enum assay_status read_hex_key(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    uint8_t raw[ASSAY_P256_PUBLIC_LEN];
    char digits[2 * sizeof raw];
    size_t count = 0;
    struct assay_slice rest = assay_slice_over(bytes, len);
    static const char name[] = "public_key:";
    if (rest.len >= sizeof name && assay_bytes_equal(rest.bytes, name, sizeof name - 1))
        rest = assay_slice_over(rest.bytes + sizeof name - 1, rest.len - (sizeof name - 1));
    for (size_t i = 0; i < rest.len; i++) {
        const char c = (char)rest.bytes[i];
        if (c == '"' || c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
        if (count == sizeof digits) return ASSAY_E_RANGE;
        digits[count++] = c;
    }
    ASSAY_TRY(assay_hex_decode(digits, count, raw, sizeof raw));
    *key = assay_key_p256(raw);
    return ASSAY_OK;
}

static enum assay_status read_key(const uint8_t *bytes, size_t len, struct assay_p256 **out)
{
    struct assay_key key;
    enum assay_status status = read_hex_key(bytes, len, &key);
    if (status != ASSAY_OK) {
        status = assay_doc_web_key(bytes, len, &key);
        if (status == ASSAY_E_NOT_FOUND) status = assay_x509_root(bytes, len, &key);
    }
    ASSAY_TRY(status);
    if (key.type != ASSAY_KEY_P256) return ASSAY_E_UNSUPPORTED;
    return assay_p256_load(key.bytes, out);
}

static int load_key(const struct ear_arguments *args, struct assay_p256 **key)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(args->key, ASSAY_PEM_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cli_print_file_fault(args->json, "--key ", args->key, status);
    status = read_key(bytes, len, key);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return COMPLAIN(args->json, "--key %s: %s", args->key,
                    cli_file_fault_of(args->key, status, "a public key on P-256"));
}

static int load_token(const struct ear_arguments *args, uint8_t **bytes, size_t *len)
{
    const char *const path = strcmp(args->token, "-") == 0 ? "/dev/stdin" : args->token;
    const enum assay_status status = assay_file_read(path, ASSAY_JWT_LEN_MAX, bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_RANGE)
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: longer than any attestation result", args->token);
    return cli_print_file_fault(args->json, "", args->token, status);
}

static int report_refusal(const struct ear_arguments *args, const struct assay_ear *ear,
                          enum assay_ear_answer answer)
{
    struct assay_file_kind kind;
    switch (answer) {
    case ASSAY_EAR_VALID: return ASSAY_EXIT_OK;
    case ASSAY_EAR_MALFORMED:
        if (assay_file_kind_at(args->token, &kind) && strcmp(kind.id, "jwt") != 0 &&
            strcmp(kind.id, "text") != 0 && strcmp(kind.id, "binary") != 0)
            return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "malformed",
                                   "%s: is %s, expected a signed attestation result: a JSON or "
                                   "CBOR web token (--ear-form jwt, cwt)",
                                   args->token, kind.text);
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "malformed", "%s: %s", args->token,
                               ear->why);
    case ASSAY_EAR_UNSUPPORTED:
        return cli_print_error(args->json, ASSAY_EXIT_MALFORMED, "unsupported", "%s: %s",
                               args->token, ear->why);
    case ASSAY_EAR_FORGED:
    case ASSAY_EAR_REFUSED:
    case ASSAY_EAR_EXPIRED:
    case ASSAY_EAR_NONCE:
        return cli_print_error(args->json, ASSAY_EXIT_DENIED, "denied", "%s: %s", args->token,
                               ear->why);
    }
    return ASSAY_EXIT_INTERNAL;
}

/* What a result is about. Standings and appraisals have one key, profile and type, and what an
 * appraisal affirms is no member. */
struct ear_matter {
    const char *subject;  /* node id, of the standing of a member; NULL: an appraisal of evidence */
    const char *chain_id; /* of a standing */
    const char *evidence; /* digest, of an appraisal that has it, else NULL */
};

static struct ear_matter matter_of(const struct assay_ear *ear)
{
    struct ear_matter matter = { 0 };
    for (size_t i = 0; i < ear->submodule_count; i++) {
        const struct assay_ear_submodule *const sub = &ear->submodules[i];
        const struct assay_json *const own = cli_ear_own(sub, false);
        if (strcmp(sub->label, ASSAY_EAR_STANDING_SUBMODULE) == 0 && ear->submodule_count == 1) {
            matter.subject = assay_json_text(own, "subject", NULL);
            matter.chain_id = assay_json_text(own, "chain_id", "");
        } else if (strcmp(sub->label, ASSAY_EAR_SUBMODULE) == 0) {
            matter.evidence = assay_json_text(own, "evidence_sha256", NULL);
        }
    }
    return matter;
}

/* node: an id that check_node has accepted. */
static bool is_node(const char *subject, const char *node)
{
    uint8_t found[32], wanted[32];
    return assay_hex_decode(subject, strlen(subject), found, sizeof found) == ASSAY_OK &&
           assay_id_parse(node, strlen(node), wanted) == ASSAY_OK &&
           assay_bytes_equal(found, wanted, sizeof found);
}

/* Of a member that is asked for, its standing alone will do. */
static int check_matter(const struct ear_arguments *args, const struct ear_matter *matter)
{
    if (args->node == NULL) return ASSAY_EXIT_OK;
    if (matter->subject == NULL)
        return cli_print_error(args->json, ASSAY_EXIT_DENIED, "denied",
                               "%s: an appraisal of evidence, expected the standing of member %s: "
                               "it says nothing about a member",
                               args->token, args->node);
    if (is_node(matter->subject, args->node)) return ASSAY_EXIT_OK;
    return cli_print_error(args->json, ASSAY_EXIT_DENIED, "denied",
                           "%s: the standing of member %.64s, expected that of %s", args->token,
                           cli_text_sanitized(matter->subject), args->node);
}

static int check_node(const struct ear_arguments *args)
{
    uint8_t id[32];
    if (args->node == NULL || assay_id_parse(args->node, strlen(args->node), id) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    return COMPLAIN(args->json,
                    "--node: expected a node id, 64 hexadecimal digits or %d characters in base32, "
                    "found \"%.80s\"",
                    ASSAY_NODE_ID_BASE32_LEN, cli_text_sanitized(args->node));
}

static struct assay_json *submodule_json(const struct assay_ear_submodule *sub)
{
    struct assay_json *const out = assay_json_object();
    struct assay_json *const vector = assay_json_object();
    assay_json_set_text(out, "status", assay_tier_text(sub->status));
    const struct assay_json *const own = cli_ear_own(sub, false);
    /* null: of a proof whose policy the verifier did not have */
    if (assay_json_kind_of(assay_json_get(own, "insecure")) == ASSAY_JSON_NULL)
        assay_json_set_null(out, "insecure");
    else assay_json_set_bool(out, "insecure", sub->insecure);
    for (int i = 0; i < ASSAY_TRUST_COUNT; i++)
        assay_json_set_int(vector, assay_ar4si_name((enum assay_trust_claim)i),
                           sub->vector.claims[i]);
    if (sub->has_vector) {
        assay_json_set(out, "trustworthiness_vector", vector);
        return out;
    }
    struct assay_json *unused = vector;
    assay_json_free(&unused);
    assay_json_set_null(out, "trustworthiness_vector");
    return out;
}

static void set_text_or_null(struct assay_json *out, const char *name, const char *text)
{
    if (text != NULL) assay_json_set_text(out, name, text);
    else assay_json_set_null(out, name);
}

static int print_json(const struct assay_ear *ear, const struct ear_matter *matter)
{
    struct assay_json *const data = assay_json_object();
    struct assay_json *const submods = assay_json_object();
    struct assay_json *const verifier = assay_json_object();
    assay_json_set_text(data, "status", assay_tier_text(ear->status));
    assay_json_set_text(data, "about", matter->subject != NULL ? "standing" : "appraisal");
    set_text_or_null(data, "subject", matter->subject);
    set_text_or_null(data, "chain_id", matter->subject != NULL ? matter->chain_id : NULL);
    set_text_or_null(data, "evidence_sha256", matter->evidence);
    assay_json_set_text(data, "profile", ear->profile);
    assay_json_set_text(verifier, "developer", ear->developer);
    assay_json_set_text(verifier, "build", ear->build);
    assay_json_set(data, "verifier_id", verifier);
    assay_json_set_int(data, "iat", ear->issued_unix_s);
    if (ear->has_expiry) assay_json_set_int(data, "exp", ear->expires_unix_s);
    else assay_json_set_null(data, "exp");
    assay_json_set_text(data, "nonce", ear->nonce);
    for (size_t i = 0; i < ear->submodule_count; i++)
        assay_json_set(submods, ear->submodules[i].label, submodule_json(&ear->submodules[i]));
    assay_json_set(data, "submods", submods);
    return cli_print_envelope("assay.ear.verify", data);
}

static void print_matter(const struct ear_matter *matter)
{
    if (matter->subject != NULL) {
        (void)printf("about       standing of member %s\n", cli_text_sanitized(matter->subject));
        (void)printf("chain       %s\n", cli_text_sanitized(matter->chain_id));
    } else {
        (void)puts("about       appraisal of evidence, of no member");
        if (matter->evidence != NULL)
            (void)printf("evidence    %s\n", cli_text_sanitized(matter->evidence));
    }
}

static int print_text(const struct assay_ear *ear, const struct ear_matter *matter)
{
    char time[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(ear->issued_unix_s, time);
    (void)printf("status      %s\n", assay_tier_text(ear->status));
    print_matter(matter);
    (void)printf("profile     %s\n", ear->profile);
    (void)printf("verifier    %s, %s\n", cli_text_sanitized(ear->developer),
                 cli_text_sanitized(ear->build));
    (void)printf("issued      %s\n", time);
    assay_rfc3339_format(ear->expires_unix_s, time);
    if (ear->has_expiry) (void)printf("expires     %s\n", time);
    if (ear->nonce != NULL) (void)printf("nonce       %s\n", cli_text_sanitized(ear->nonce));
    for (size_t i = 0; i < ear->submodule_count; i++) {
        const struct assay_ear_submodule *const sub = &ear->submodules[i];
        (void)printf("submodule   %s: %s\n", cli_text_sanitized(sub->label),
                     assay_tier_text(sub->status));
        if (sub->insecure)
            (void)puts("  INSECURE: appraised under profile development, which proves nothing "
                       "about hardware");
        for (int k = 0; k < ASSAY_TRUST_COUNT; k++) {
            const enum assay_trust_claim claim = (enum assay_trust_claim)k;
            const int8_t value = sub->vector.claims[k];
            if (value == 0) continue;
            (void)printf("  %-18s %4d  %s\n", assay_ar4si_name(claim), value,
                         assay_ar4si_meaning(claim, value));
        }
    }
    return fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int exit_of(enum assay_tier tier)
{
    switch (tier) {
    case ASSAY_TIER_AFFIRMING: return ASSAY_EXIT_OK;
    case ASSAY_TIER_WARNING: return ASSAY_EXIT_WARNING;
    case ASSAY_TIER_CONTRAINDICATED: return ASSAY_EXIT_CONTRAINDICATED;
    case ASSAY_TIER_NONE: return ASSAY_EXIT_NONE;
    }
    return ASSAY_EXIT_INTERNAL;
}

static int verify_token(const struct ear_arguments *args)
{
    struct assay_ear ear = { 0 };
    struct assay_p256 *key = NULL;
    uint8_t *token = NULL;
    size_t len = 0;
    struct ear_matter matter = { 0 };
    int result = check_node(args);
    if (result == ASSAY_EXIT_OK) result = load_key(args, &key);
    if (result == ASSAY_EXIT_OK) result = load_token(args, &token, &len);
    if (result == ASSAY_EXIT_OK)
        result = report_refusal(args, &ear,
                                cli_ear_read(token, len, key, args->at_unix_s, args->nonce, &ear));
    if (result == ASSAY_EXIT_OK) matter = matter_of(&ear);
    if (result == ASSAY_EXIT_OK) result = check_matter(args, &matter);
    if (result == ASSAY_EXIT_OK)
        result = args->json ? print_json(&ear, &matter) : print_text(&ear, &matter);
    if (result == ASSAY_EXIT_OK) result = exit_of(ear.status);
    cli_ear_close(&ear);
    assay_p256_free(&key);
    free(token);
    return result;
}

int cli_command_ear(int argc, char **argv)
{
    struct ear_arguments args = { .at_unix_s = assay_unix_s() };
    const struct cli_option_target targets[] = {
        { "key", .text = &args.key },     { "at", .time = &args.at_unix_s },
        { "nonce", .text = &args.nonce }, { "node", .text = &args.node },
        { "json", .flag = &args.json },   { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    args.token = argv[2];
    return verify_token(&args);
}
