/*
 * apps/assay/bridge/bridge_sign.c - `assay bridge certificate`, `token` and `ear`: verification,
 * then a signature by the bridge's own key (docs/identity.md 13).
 */
#include "apps/assay/bridge/bridge.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "base/base64.h"
#include "base/rfc3339.h"
#include "scoring/standing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_MAX = 64 * 1024, SKEW_S = 60 };

struct signing {
    const struct cli_bridge_options *options;
    struct cli_bridge bridge;
    struct cli_bridge_trust trust;
    struct assay_svid *svid; /* the source */
    struct assay_proven_state *member;
    bool has_standing; /* that the member has now */
    uint8_t *bytes;    /* of the file */
    size_t len;
    struct cli_bridge_times times;
};

/* ------------------------------------------------------------ verification */

static int read_standing(const struct cli_bridge_options *o, uint32_t *worst)
{
    *worst = ASSAY_STANDING_WARNING;
    if (o->standing == NULL || strcmp(o->standing, "warning") == 0) return ASSAY_EXIT_OK;
    *worst = ASSAY_STANDING_FULL;
    if (strcmp(o->standing, "full") == 0) return ASSAY_EXIT_OK;
    return cli_misuse("--standing: expected full or warning, found \"%.40s\"", o->standing);
}

static int read_source(struct signing *s, const char *expected)
{
    const struct cli_bridge_options *const o = s->options;
    const enum assay_status status = assay_file_read(o->word, SOURCE_MAX, &s->bytes, &s->len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_bridge_fail(
        o, status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_MALFORMED, "%s: %s",
        o->word, cli_file_fault_of(o->word, status, expected));
}

static int open_signing(struct signing *s, const struct cli_bridge_options *o, const char *expected)
{
    *s = (struct signing){ .options = o };
    int exit = cli_bridge_load(o, &s->bridge);
    if (exit == ASSAY_EXIT_OK) exit = read_source(s, expected);
    if (exit != ASSAY_EXIT_OK) return exit;
    s->svid = calloc(1, sizeof *s->svid);
    s->member = calloc(1, sizeof *s->member);
    if (s->svid == NULL || s->member == NULL)
        return cli_bridge_fail(o, ASSAY_EXIT_INTERNAL, "no memory");
    return ASSAY_EXIT_OK;
}

static void close_signing(struct signing *s)
{
    cli_bridge_free(&s->bridge);
    free(s->trust.bytes);
    free(s->bytes);
    free(s->svid);
    free(s->member);
}

static struct assay_svid_terms terms_of(const struct signing *s, uint32_t worst)
{
    const struct cli_bridge_options *const o = s->options;
    return (struct assay_svid_terms){
        .chain_id = s->bridge.chain_id,
        .trust_domain = s->bridge.domain[0] != '\0' ? s->bridge.domain : NULL,
        .service = o->service,
        .issuer = s->trust.issuer,
        .audience = o->audience,
        .has_era = s->trust.is_proven,
        .era = s->trust.newest.era,
        .standing_worst = worst,
        .accepts_insecure = o->accepts_insecure,
        .skew_s = SKEW_S,
        .at_unix_s = cli_bridge_now(o),
    };
}

/* What the library found. Returns: an enum assay_exit */
static int check_source(const struct signing *s, enum assay_status status)
{
    const struct cli_bridge_options *const o = s->options;
    const struct assay_svid *const v = s->svid;
    if (status != ASSAY_OK) {
        const char *const pinned = o->ca != NULL ? o->ca : o->jwks;
        return cli_bridge_fail(o, ASSAY_EXIT_MALFORMED, "%s: %s (%s)",
                               pinned != NULL ? pinned : "the keys of the network",
                               v->why[0] != '\0' ? v->why : "they cannot be read",
                               assay_status_text(status));
    }
    if (v->answer == ASSAY_IDENTITY_VALID) return ASSAY_EXIT_OK;
    return cli_bridge_fail(
        o,
        v->answer == ASSAY_IDENTITY_MALFORMED ? ASSAY_EXIT_MALFORMED : ASSAY_EXIT_CONTRAINDICATED,
        "%s: not signed: %s: %s%s", o->word, assay_svid_answer_text(v->answer), v->why,
        v->answer == ASSAY_IDENTITY_INSECURE ? "; for trials, --accept-insecure accepts it" : "");
}

static int check_answer(const struct signing *s, enum cli_bridge_answer answer)
{
    if (answer == CLI_BRIDGE_SIGNS) return ASSAY_EXIT_OK;
    return cli_bridge_fail(s->options, ASSAY_EXIT_CONTRAINDICATED, "%s: not signed: %s",
                           s->options->word, cli_bridge_answer_text(answer));
}

/* Of the proof of its standing. */
static int check_member(const struct signing *s, uint32_t worst)
{
    const enum cli_bridge_answer answer = cli_bridge_check_standing(s->svid, s->member, worst);
    if (answer != CLI_BRIDGE_OTHER_LIFE) return check_answer(s, answer);
    return cli_bridge_fail(s->options, ASSAY_EXIT_CONTRAINDICATED,
                           "%s: not signed: %s (it is of incarnation %u, the member is in %u)",
                           s->options->word, cli_bridge_answer_text(answer),
                           (unsigned)s->svid->state.incarnation,
                           (unsigned)s->member->member.lives[0].incarnation);
}

/* The member now, and the lifetime. ca: the bridge's CA certificate bounds it */
static int check_rest(struct signing *s, uint32_t worst, bool is_token)
{
    const struct cli_bridge_options *const o = s->options;
    int exit =
        cli_bridge_trust_member(o, s->svid->state.node_id, &s->trust, s->member, &s->has_standing);
    if (exit == ASSAY_EXIT_OK && s->has_standing) exit = check_member(s, worst);
    if (exit != ASSAY_EXIT_OK) return exit;
    const struct cli_bridge_bounds bounds = {
        .now_s = cli_bridge_now(o),
        .source = { s->svid->not_before_s, s->svid->not_after_s },
        .ca = is_token ? (struct cli_bridge_times){ 0, 0 } : s->bridge.times,
        .trusted_until_s = s->trust.trusted_until_s,
        .validity_s = o->validity_s,
    };
    return check_answer(s, cli_bridge_find_times(&bounds, &s->times));
}

/* ------------------------------------------------------------ the result */

static const char signed_view[] =
    "{files.0}: {subject}[?audience  for {audience}], {algorithm} by {by}[?insecure , INSECURE]\n"
    "valid          from {not_before_ms:time} until {not_after_ms:time}; the source until "
    "{source_ms:time}\n"
    "standing       [?standing_now {standing_now} in epoch {epoch_now}, proven|{standing} in epoch "
    "{epoch}, which the source names; --checkpoint with a node or --standing-proof proves it "
    "now]\n";

static int print_signed(const struct signing *s, const char *verb, bool is_token)
{
    const struct cli_bridge_options *const o = s->options;
    const struct assay_keypair *const key = is_token ? s->bridge.token : s->bridge.ca;
    struct assay_json *const data = cli_result_json(verb, (const char *const[]){ o->out, NULL });
    assay_json_set_text(data, "subject", s->svid->spiffe_id);
    if (is_token) assay_json_set_text(data, "audience", o->audience);
    assay_json_set_text(data, "algorithm",
                        assay_keypair_algorithm(key) == ASSAY_KEYPAIR_ES256 ? "ES256" : "RS256");
    assay_json_set_text(data, "by", is_token ? s->bridge.issuer : s->bridge.name);
    assay_json_set_bool(data, "insecure", s->svid->is_insecure);
    assay_json_set_hex(data, "node_id", s->svid->state.node_id, 32);
    assay_json_set_uint(data, "era", s->svid->state.era);
    assay_json_set_uint(data, "epoch", s->svid->state.epoch);
    assay_json_set_text(data, "standing",
                        assay_standing_text((enum assay_standing)s->svid->state.standing));
    if (s->has_standing) {
        assay_json_set_text(data, "standing_now", assay_proof_standing_text(s->member));
        assay_json_set_uint(data, "epoch_now", s->member->next.epoch);
    }
    assay_json_set_uint(data, "not_before_ms", (uint64_t)s->times.not_before_s * 1000);
    assay_json_set_uint(data, "not_after_ms", (uint64_t)s->times.not_after_s * 1000);
    assay_json_set_uint(data, "source_ms", (uint64_t)s->svid->not_after_s * 1000);
    return cli_result_print(data, signed_view);
}

static int report_failure(const struct signing *s, enum assay_status status)
{
    return cli_bridge_fail(s->options, ASSAY_EXIT_INTERNAL, "nothing was signed (%s)",
                           assay_status_text(status));
}

/* ------------------------------------------------------------ certificates */

/* The first block of PEM, or DER. Returns: false: neither */
static bool find_leaf(struct signing *s, uint8_t *der, size_t capacity, struct assay_slice *leaf)
{
    struct assay_slice text = assay_slice_over(s->bytes, s->len), label;
    size_t len = 0;
    *leaf = text;
    if (s->len > 0 && s->bytes[0] == 0x30) return true;
    if (assay_pem_next(&text, &label, der, capacity, &len) != ASSAY_OK ||
        !assay_slice_equal(label, assay_slice_over("CERTIFICATE", 11)))
        return false;
    *leaf = assay_slice_over(der, len);
    return true;
}

static int write_certificate(const struct signing *s, struct assay_slice leaf)
{
    const struct cli_bridge_signer signer = { .key = s->bridge.ca, .name = s->bridge.name };
    uint8_t der[CLI_BRIDGE_CERTIFICATE_MAX], pem[2 * CLI_BRIDGE_CERTIFICATE_MAX];
    uint8_t serial[CLI_BRIDGE_SERIAL_LEN];
    struct assay_slice out;
    size_t len = 0;
    enum assay_status status = assay_random(serial, sizeof serial);
    if (status == ASSAY_OK)
        status = cli_bridge_certificate(&signer, leaf, &s->times, serial, der, sizeof der, &out);
    if (status == ASSAY_OK)
        status = assay_pem_put("CERTIFICATE", out.bytes, out.len, pem, sizeof pem, &len);
    if (status != ASSAY_OK) return report_failure(s, status);
    return cli_output_write(s->options->command, s->options->out, ASSAY_FILE_PUBLIC,
                            assay_slice_over(pem, len));
}

/* Of certificates and tokens: what is read, verified and signed again by `run`. */
static int sign_one(const struct cli_bridge_options *o, const char *what,
                    int (*run)(struct signing *))
{
    struct signing s;
    int exit = open_signing(&s, o, what);
    if (exit == ASSAY_EXIT_OK) exit = run(&s);
    close_signing(&s);
    return exit;
}

static int run_certificate(struct signing *s)
{
    uint8_t der[CLI_BRIDGE_CERTIFICATE_MAX];
    struct assay_slice leaf;
    uint32_t worst = 0;
    int exit = read_standing(s->options, &worst);
    if (exit == ASSAY_EXIT_OK)
        exit = cli_bridge_trust_load(s->options, &s->bridge, false, &s->trust);
    if (exit != ASSAY_EXIT_OK) return exit;
    if (!find_leaf(s, der, sizeof der, &leaf))
        return cli_bridge_fail(s->options, ASSAY_EXIT_MALFORMED,
                               "%s: expected a certificate in PEM or DER", s->options->word);
    const struct assay_svid_terms terms = terms_of(s, worst);
    exit = check_source(s, assay_svid_verify_chain(&terms, s->trust.ca, &leaf, 1, s->svid));
    if (exit == ASSAY_EXIT_OK) exit = check_answer(s, cli_bridge_check_key(s->svid));
    if (exit == ASSAY_EXIT_OK) exit = check_rest(s, worst, false);
    if (exit == ASSAY_EXIT_OK) exit = write_certificate(s, leaf);
    return exit == ASSAY_EXIT_OK ? print_signed(s, "certificate", false) : exit;
}

int cli_bridge_sign_certificate(const struct cli_bridge_options *o)
{
    return sign_one(o, "a certificate", run_certificate);
}

/* ------------------------------------------------------------ tokens */

static int check_issuer(const struct signing *s)
{
    if (s->bridge.issuer[0] != '\0') return ASSAY_EXIT_OK;
    return cli_bridge_fail(s->options, ASSAY_EXIT_DENIED,
                           "%s: this bridge has no issuer and signs certificates alone: `assay "
                           "bridge init --issuer URL` makes one that signs tokens",
                           s->options->dir);
}

/* The end of a line is what files have. */
static struct assay_slice token_text(const struct signing *s)
{
    size_t len = s->len;
    while (len > 0 && (s->bytes[len - 1] == '\n' || s->bytes[len - 1] == '\r'))
        len -= 1;
    return assay_slice_over(s->bytes, len);
}

static int run_token(struct signing *s)
{
    const struct cli_bridge_options *const o = s->options;
    const struct cli_bridge_signer signer = { .key = s->bridge.token, .issuer = s->bridge.issuer };
    uint8_t token[CLI_BRIDGE_TOKEN_MAX];
    struct assay_slice out;
    uint32_t worst = 0;
    int exit = read_standing(o, &worst);
    if (exit == ASSAY_EXIT_OK) exit = check_issuer(s);
    if (exit == ASSAY_EXIT_OK) exit = cli_bridge_trust_load(o, &s->bridge, true, &s->trust);
    if (exit != ASSAY_EXIT_OK) return exit;
    const struct assay_svid_terms terms = terms_of(s, worst);
    exit = check_source(s, assay_svid_verify_token(&terms, s->trust.jwks, token_text(s), s->svid));
    if (exit == ASSAY_EXIT_OK) exit = check_rest(s, worst, true);
    if (exit != ASSAY_EXIT_OK) return exit;
    const enum assay_status status = cli_bridge_token(&signer, s->svid, o->audience, &s->times,
                                                      cli_bridge_now(o), token, sizeof token, &out);
    if (status != ASSAY_OK) return report_failure(s, status);
    exit = cli_output_write(o->command, o->out, ASSAY_FILE_SECRET, out); /* a bearer secret */
    return exit == ASSAY_EXIT_OK ? print_signed(s, "token", true) : exit;
}

int cli_bridge_sign_token(const struct cli_bridge_options *o)
{
    return sign_one(o, "a token", run_token);
}

/* ------------------------------------------------------------ attestation results */

static const char ear_view[] =
    "{files.0}: attestation result of {node_id}, {standing}, {algorithm} by {by}[?insecure , "
    "INSECURE]\n"
    "valid          until {not_after_ms:time}; the trust in the proof until {source_ms:time}\n";

static int verify_standing(struct signing *s, struct assay_proof_verified *v, uint32_t worst)
{
    const struct cli_bridge_options *const o = s->options;
    struct assay_checkpoint checkpoint;
    enum assay_proof_answer answer = ASSAY_PROVEN;
    uint32_t max_age_s = 0;
    uint64_t now_ms = 0;
    int exit = cli_proof_times(&o->time, &max_age_s, &now_ms);
    if (exit == ASSAY_EXIT_OK) exit = cli_proof_checkpoint(o->command, o->checkpoint, &checkpoint);
    if (exit != ASSAY_EXIT_OK) return exit;
    if (!assay_bytes_equal(checkpoint.chain_id, s->bridge.chain_id, 32))
        return cli_bridge_refuse_network(o, checkpoint.chain_id, s->bridge.chain_id);
    v->bytes = assay_slice_over(s->bytes, s->len);
    const enum assay_status status = assay_proof_verify(v->bytes, &checkpoint, &answer, &v->proven);
    if (status != ASSAY_OK)
        return cli_bridge_fail(o, ASSAY_EXIT_MALFORMED, "%s: %s", o->word,
                               cli_file_fault_of(o->word, status, "a proof of standing"));
    if (answer == ASSAY_PROVEN)
        answer = assay_proof_age(&checkpoint, &v->proven, now_ms, max_age_s);
    if (answer != ASSAY_PROVEN)
        return cli_bridge_fail(
            o, answer == ASSAY_PROOF_AGE_UNKNOWN ? ASSAY_EXIT_AGE_UNKNOWN : ASSAY_EXIT_DENIED,
            "%s: not trusted: %s", o->word, cli_proof_age_text(answer, &o->time, now_ms));
    v->expires_ms = assay_proof_expires_ms(&checkpoint, &v->proven, max_age_s);
    v->has_age = true;
    if ((uint32_t)assay_proof_standing_of(&v->proven) > worst)
        return check_answer(s, CLI_BRIDGE_LOW_STANDING);
    if (v->proven.member.pass_epoch == 0)
        return cli_bridge_fail(o, ASSAY_EXIT_CONTRAINDICATED,
                               "%s: not signed: no epoch has certified evidence of the member yet",
                               o->word);
    return cli_proof_profile_find(o->policy, o->checkpoint, &v->proven, &v->profile);
}

static int run_ear(struct signing *s, struct assay_proof_verified *v)
{
    const struct cli_bridge_options *const o = s->options;
    const struct cli_bridge_signer signer = { .key = s->bridge.token, .issuer = s->bridge.issuer };
    uint8_t token[CLI_BRIDGE_TOKEN_MAX];
    struct assay_slice out;
    uint32_t worst = 0;
    int exit = read_standing(o, &worst);
    if (exit == ASSAY_EXIT_OK) exit = check_issuer(s);
    if (exit == ASSAY_EXIT_OK) exit = verify_standing(s, v, worst);
    if (exit != ASSAY_EXIT_OK) return exit;
    const bool is_insecure = v->profile == ASSAY_PROOF_PROFILE_DEVELOPMENT;
    exit = check_answer(s, cli_bridge_check_profile(v->profile, o->accepts_insecure));
    if (exit != ASSAY_EXIT_OK) return exit;
    const uint64_t trusted_until_ms = v->expires_ms;
    v->expires_ms = cli_bridge_find_ear_end_ms(trusted_until_ms, cli_bridge_now(o), o->validity_s);
    char *const claims = assay_document_ear_standing(v);
    const enum assay_status status =
        claims != NULL ? cli_bridge_ear(&signer, claims, token, sizeof token, &out)
                       : ASSAY_E_MEMORY;
    free(claims);
    if (status != ASSAY_OK) return report_failure(s, status);
    exit = cli_output_write(o->command, o->out, ASSAY_FILE_PUBLIC, out);
    if (exit != ASSAY_EXIT_OK) return exit;
    struct assay_json *const data = cli_result_json("ear", (const char *const[]){ o->out, NULL });
    assay_json_set_hex(data, "node_id", v->proven.member.node_id, 32);
    assay_json_set_text(data, "standing", assay_proof_standing_text(&v->proven));
    assay_json_set_text(data, "algorithm",
                        assay_keypair_algorithm(signer.key) == ASSAY_KEYPAIR_ES256 ? "ES256"
                                                                                   : "RS256");
    assay_json_set_text(data, "by", s->bridge.issuer);
    assay_json_set_bool(data, "insecure", is_insecure);
    assay_json_set_uint(data, "not_after_ms", v->expires_ms);
    assay_json_set_uint(data, "source_ms", trusted_until_ms);
    return cli_result_print(data, ear_view);
}

int cli_bridge_sign_ear(const struct cli_bridge_options *o)
{
    struct signing s;
    struct assay_proof_verified *const v = calloc(1, sizeof *v);
    int exit = open_signing(&s, o, "a proof of standing");
    if (exit == ASSAY_EXIT_OK)
        exit = v != NULL ? run_ear(&s, v) : cli_bridge_fail(o, ASSAY_EXIT_INTERNAL, "no memory");
    close_signing(&s);
    free(v);
    return exit;
}
