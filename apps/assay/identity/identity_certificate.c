/*
 * apps/assay/identity/identity_certificate.c - certificates of `assay identity fetch`: what is
 * verified of a node's answer, and whether it may replace what is in place (docs/identity.md 11.3).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/identity/identity_fetch.h"
#include "apps/assay/identity/identity_folder.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "quote/x509.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DER_MAX = 4096,
    CERTIFICATES_MAX = 2, /* the leaf, and during a rollover the cross certificate */
};

/* A chain of certificates, read from PEM. */
struct chain {
    size_t count;
    struct assay_slice certificate[CERTIFICATES_MAX]; /* in der */
    uint8_t der[CERTIFICATES_MAX][DER_MAX];
};

/* What is behind the first certificates is not looked at. */
static void read_chain(struct assay_slice text, struct chain *chain)
{
    struct assay_slice label;
    size_t len = 0;
    chain->count = 0;
    while (chain->count < CERTIFICATES_MAX &&
           assay_pem_next(&text, &label, chain->der[chain->count], DER_MAX, &len) == ASSAY_OK &&
           assay_slice_equal(label, assay_slice_over("CERTIFICATE", strlen("CERTIFICATE")))) {
        chain->certificate[chain->count] = assay_slice_over(chain->der[chain->count], len);
        chain->count++;
    }
}

static struct assay_svid_terms terms_of(const struct cli_identity_fetch *f)
{
    return (struct assay_svid_terms){ .chain_id = f->chain_id,
                                      .node_id = f->node_id,
                                      .standing_worst = ASSAY_STANDING_WARNING,
                                      .accepts_insecure = f->accepts_insecure,
                                      .skew_s = CLI_IDENTITY_SKEW_S,
                                      .at_unix_s = (int64_t)(assay_unix_ms() / 1000) };
}

static bool is_of_key(const struct cli_identity_fetch *f, const struct assay_svid *svid)
{
    return svid->spki_len == sizeof f->key.spki &&
           assay_bytes_equal(svid->spki, f->key.spki, sizeof f->key.spki) &&
           strcmp(svid->name, f->name) == 0;
}

static int refuse_authorities(const struct cli_identity_fetch *f,
                              const struct cli_identity_trust *trust, enum assay_status status)
{
    const char *const why =
        f->svid->why[0] != '\0' ? f->svid->why : "no CA certificates can be read";
    if (status == ASSAY_E_KEY)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                                 "%s: expected CA certificates of a network, which are of Ed25519 "
                                 "(assay ca bundle): %s",
                                 trust->from, why);
    return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED, "%s: %s (%s)", trust->from, why,
                             assay_status_text(status));
}

int cli_identity_check_expiry(const struct cli_identity_fetch *f, const char *what)
{
    char ends[ASSAY_RFC3339_LEN + 1], now[ASSAY_RFC3339_LEN + 1];
    const int64_t now_s = (int64_t)(assay_unix_ms() / 1000);
    if (f->svid->not_after_s > now_s) return ASSAY_EXIT_OK;
    assay_rfc3339_format(f->svid->not_after_s, ends);
    assay_rfc3339_format(now_s, now);
    return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                             "the %s of the node was valid until %s, and this machine's date is %s",
                             what, ends, now);
}

/* By a CA certificate that the operator named or that was proven, of this key, name, member and
 * network. */
static int verify_certificate(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                              const struct chain *chain)
{
    const struct assay_svid_terms terms = terms_of(f);
    if (chain->count == 0)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                                 "the answer of the node is no certificate");
    const enum assay_status status =
        assay_svid_verify_chain(&terms, trust->ca, chain->certificate, 1, f->svid);
    if (status != ASSAY_OK) return refuse_authorities(f, trust, status);
    if (f->svid->answer != ASSAY_IDENTITY_VALID)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                                 "the certificate does not verify under %s: %s%s", trust->from,
                                 f->svid->why,
                                 f->svid->answer == ASSAY_IDENTITY_INSECURE
                                     ? "; for trials, --accept-insecure accepts it"
                                     : "");
    if (!is_of_key(f, f->svid))
        return cli_identity_fail(
            f, ASSAY_EXIT_CONTRAINDICATED,
            "the certificate is of another key: another program has the name \"%s\"", f->name);
    return cli_identity_check_expiry(f, "certificate");
}

/* A valid certificate of this key in the folder that is newer than that of the node, which is
 * behind or lies: it stays, and takes the place of the answer. In, out: chain, f->svid */
static void prefer_newer(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                         struct chain *chain)
{
    const struct assay_svid_terms terms = terms_of(f);
    struct assay_svid *svid = calloc(1, sizeof *svid);
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int path_len = snprintf(path, sizeof path, "%s/current/cert.pem", f->dir);
    if (svid != NULL && path_len > 0 && path_len < PATH_MAX &&
        assay_file_read(path, CLI_IDENTITY_PEM_LEN_MAX, &bytes, &len) == ASSAY_OK) {
        struct chain own;
        read_chain(assay_slice_over(bytes, len), &own);
        if (own.count > 0 &&
            assay_svid_verify_chain(&terms, trust->ca, own.certificate, 1, svid) == ASSAY_OK &&
            svid->answer == ASSAY_IDENTITY_VALID && is_of_key(f, svid) &&
            svid->not_after_s > terms.at_unix_s && svid->issued_s > f->svid->issued_s) {
            struct assay_svid *const older = f->svid;
            f->svid = svid;
            svid = older;
            read_chain(assay_slice_over(bytes, len), chain);
        }
    }
    free(bytes);
    free(svid);
}

/* Of what was verified, and nothing else of the node's text. Returns: its length */
static size_t encode_chain(const struct chain *chain, uint8_t *pem, size_t capacity)
{
    size_t total = 0;
    for (size_t i = 0; i < chain->count; i++) {
        size_t len = 0;
        const enum assay_status status =
            assay_pem_put("CERTIFICATE", chain->certificate[i].bytes, chain->certificate[i].len,
                          pem + total, capacity - total, &len);
        ASSAY_ASSERT(status == ASSAY_OK);
        total += len;
    }
    return total;
}

static int swap_set(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                    const struct chain *chain, bool *is_new)
{
    char key[CLI_IDENTITY_PEM_MAX], message[CLI_IDENTITY_FOLDER_MESSAGE_LEN];
    uint8_t pem[2 * CERTIFICATES_MAX * DER_MAX];
    const size_t pem_len = encode_chain(chain, pem, sizeof pem);
    const size_t len = cli_identity_key_encode(&f->key, key);
    const struct cli_identity_set set = { .key = assay_slice_over(key, len),
                                          .chain = assay_slice_over(pem, pem_len),
                                          .ca = trust->ca,
                                          .bundle = trust->bundle,
                                          .serial = f->svid->serial };
    const enum assay_status status = cli_identity_folder_swap(f->dir, &set, is_new, message);
    assay_secret_wipe(key, sizeof key);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s", message);
}

int cli_identity_use_certificate(struct cli_identity_fetch *f,
                                 const struct cli_identity_trust *trust, bool *is_new)
{
    struct chain chain;
    const struct assay_svid_terms terms = terms_of(f);
    *is_new = false;
    read_chain(assay_slice_over(f->issued.pem, f->issued.len), &chain);
    const int exit = verify_certificate(f, trust, &chain);
    if (exit != ASSAY_EXIT_OK) return exit;
    prefer_newer(f, trust, &chain);
    if (!assay_svid_is_cross(&terms, chain.certificate, chain.count, f->svid)) chain.count = 1;
    return swap_set(f, trust, &chain, is_new);
}
