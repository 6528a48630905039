/*
 * apps/assay/collateral_dir.c - see collateral_dir.h.
 *
 * Recognising is not trusting: whatever is chosen here is verified as if it had stood there under
 * its usual name.
 */
#include "apps/assay/collateral_dir.h"

#include "apps/assay/command.h"
#include "apps/assay/folder.h"
#include "base/assert.h"
#include "quote/chain.h"
#include "quote/crl.h"
#include "quote/json.h"
#include "quote/kinds.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum shape { SHAPE_TCB_INFO, SHAPE_QE_IDENTITY, SHAPE_CRL, SHAPE_PCK_CHAIN, SHAPE_SIGNING_CHAIN };

/* The order of choice, most important first. */
struct rank {
    bool fits, vouched, current; /* vouched: a document signed under the root of the evidence */
    uint32_t number;
    int64_t issued_s;
};

/* One file that could be a part. */
struct candidate {
    enum shape shape;
    struct assay_slice text;
    struct rank rank;
    struct assay_dn issuer;  /* of a CRL */
    bool of_ca, of_root;     /* a CRL of the evidence's own authorities */
    struct assay_key signer; /* key of a signing chain */
};

/* The search through one folder. On the heap. */
struct search {
    const struct assay_collateral_wanted *wanted;
    size_t count;
    struct candidate candidates[ASSAY_DIR_PARTS_MAX];
    size_t root_count;
    struct assay_dn roots[ASSAY_DIR_PARTS_MAX]; /* self-issued certificates of the folder */
    size_t signer_count;
    struct assay_key signers[ASSAY_DIR_PARTS_MAX]; /* keys that the root of the evidence issued */
    /* room for one file of each kind, read and left */
    struct assay_tcb_info tcb_info;
    struct assay_qe_identity qe_identity;
    struct assay_crl crl;
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
};

/* ------------------------------------------------------------ what the evidence asks for */

bool assay_collateral_dir_serves(enum assay_evidence_kind kind)
{
    return (ASSAY_KINDS_DCAP & ASSAY_KIND_BIT(kind)) != 0;
}

enum assay_status assay_collateral_wanted(enum assay_evidence_kind kind, const uint8_t *bytes,
                                          size_t len, int64_t at_unix_s,
                                          struct assay_collateral_wanted *wanted)
{
    struct assay_kind row;
    struct assay_quote quote;
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
    struct assay_chain chain;
    size_t count = 0;
    *wanted = (struct assay_collateral_wanted){ .at_unix_s = at_unix_s };
    if (assay_kind_find(kind, &row) != ASSAY_OK) return ASSAY_OK;
    wanted->tee = row.is_tdx ? ASSAY_TEE_TDX : ASSAY_TEE_SGX;
    if (assay_quote_parse(&row, bytes, len, &quote) != ASSAY_OK) return ASSAY_OK;
    if (quote.cert_data_type != ASSAY_CERT_TYPE_PCK_CHAIN) return ASSAY_OK;
    const enum assay_status status = assay_x509_pem_chain(
        quote.cert_data.bytes, quote.cert_data.len, certificates, ASSAY_CHAIN_MAX, &count);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    if (assay_chain_order(certificates, count, &chain) != ASSAY_OK) return ASSAY_OK;
    wanted->has_chain = true;
    assay_bytes_copy(wanted->fmspc, sizeof wanted->fmspc, chain.pck.pck.fmspc, 6);
    wanted->ca = chain.ca;
    wanted->root = chain.root;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ what a file is */

static bool is_current(const struct search *s, int64_t from_s, int64_t to_s)
{
    return s->wanted->at_unix_s >= from_s && s->wanted->at_unix_s <= to_s;
}

static bool is_root_of_folder(const struct search *s, const struct assay_dn *name)
{
    for (size_t i = 0; i < s->root_count; i++)
        if (assay_dn_equal(&s->roots[i], name)) return true;
    return false;
}

static bool read_tcb_info(struct search *s, struct candidate *c)
{
    struct assay_signed_json document;
    const struct assay_tcb_info *const info = &s->tcb_info;
    c->shape = SHAPE_TCB_INFO;
    if (assay_json_tcb_info(c->text.bytes, c->text.len, &s->tcb_info, &document, NULL) != ASSAY_OK)
        return true; /* it says what it wants to be: last choice, and a fault to report */
    c->rank.fits = info->tee == s->wanted->tee && s->wanted->has_chain &&
                   assay_bytes_equal(info->fmspc, s->wanted->fmspc, sizeof info->fmspc);
    c->rank.current = is_current(s, info->issue_unix_s, info->next_unix_s);
    c->rank.number = info->evaluation_number;
    c->rank.issued_s = info->issue_unix_s;
    return true;
}

static bool read_qe_identity(struct search *s, struct candidate *c)
{
    struct assay_signed_json document;
    const struct assay_qe_identity *const id = &s->qe_identity;
    c->shape = SHAPE_QE_IDENTITY;
    if (assay_json_qe_identity(c->text.bytes, c->text.len, &s->qe_identity, &document, NULL) !=
        ASSAY_OK)
        return true;
    c->rank.fits = id->tee == s->wanted->tee;
    c->rank.current = is_current(s, id->issue_unix_s, id->next_unix_s);
    c->rank.number = id->evaluation_number;
    c->rank.issued_s = id->issue_unix_s;
    return true;
}

static bool read_json(struct search *s, struct candidate *c)
{
    static const char tcb_info[] = "\"tcbInfo\"", identity[] = "\"enclaveIdentity\"";
    const uint8_t *const a = memmem(c->text.bytes, c->text.len, tcb_info, sizeof tcb_info - 1);
    const uint8_t *const b = memmem(c->text.bytes, c->text.len, identity, sizeof identity - 1);
    if (a == NULL && b == NULL) return false;
    return b == NULL || (a != NULL && a < b) ? read_tcb_info(s, c) : read_qe_identity(s, c);
}

static bool read_crl(struct search *s, struct candidate *c)
{
    if (assay_x509_crl(c->text.bytes, c->text.len, &s->crl) != ASSAY_OK) return false;
    c->shape = SHAPE_CRL;
    c->issuer = s->crl.issuer;
    c->of_ca = s->wanted->has_chain && assay_crl_issued_by(&s->crl, &s->wanted->ca);
    c->of_root = s->wanted->has_chain && assay_crl_issued_by(&s->crl, &s->wanted->root);
    c->rank.current = is_current(s, s->crl.this_update_s, s->crl.next_update_s);
    c->rank.issued_s = s->crl.this_update_s;
    return true;
}

static void note_root(struct search *s, const struct assay_dn *name)
{
    if (s->root_count == ASSAY_DIR_PARTS_MAX || is_root_of_folder(s, name)) return;
    s->roots[s->root_count++] = *name;
}

static void note_signer(struct search *s, const struct assay_certificate *signer)
{
    if (s->signer_count == ASSAY_DIR_PARTS_MAX || !s->wanted->has_chain) return;
    if (!assay_chain_names(&s->wanted->root, signer)) return;
    s->signers[s->signer_count++] = signer->key;
}

/* A chain with a CA below the root belongs to PCK certificates, one with a signer to documents. */
static bool read_chain(struct search *s, struct candidate *c)
{
    size_t count = 0, signers = 0;
    bool has_ca = false;
    if (assay_x509_pem_chain(c->text.bytes, c->text.len, s->chain, ASSAY_CHAIN_MAX, &count) !=
        ASSAY_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct assay_certificate *const it = &s->chain[i];
        if (assay_dn_equal(&it->subject, &it->issuer)) {
            note_root(s, &it->subject);
            continue;
        }
        if (!it->is_ca && it->has_pck) continue;
        if (it->is_ca) has_ca = true;
        else signers += 1;
        if (!it->is_ca) note_signer(s, it);
        c->rank.fits =
            it->is_ca && s->wanted->has_chain && assay_key_equal(&it->key, &s->wanted->ca.key);
        c->rank.current = is_current(s, it->not_before_s, it->not_after_s);
        c->rank.issued_s = it->not_before_s;
        c->signer = it->key;
    }
    c->shape = has_ca ? SHAPE_PCK_CHAIN : SHAPE_SIGNING_CHAIN;
    return has_ca ? signers == 0 : signers == 1;
}

static bool recognise(struct search *s, struct assay_slice text, struct candidate *c)
{
    static const char pem[] = "-----BEGIN CERTIFICATE-----";
    struct assay_slice rest = text;
    *c = (struct candidate){ .text = text };
    while (rest.len > 0 && strchr(" \t\r\n", rest.bytes[0]) != NULL && rest.bytes[0] != '\0')
        rest = assay_slice_over(rest.bytes + 1, rest.len - 1);
    if (rest.len == 0) return false;
    if (rest.bytes[0] == '{') return read_json(s, c);
    if (text.bytes[0] == 0x30) return read_crl(s, c);
    if (rest.len >= sizeof pem && assay_bytes_equal(rest.bytes, pem, sizeof pem - 1))
        return read_chain(s, c);
    return false;
}

/* ------------------------------------------------------------ which one is taken */

static bool outranks(const struct rank *a, const struct rank *b)
{
    if (a->fits != b->fits) return a->fits;
    if (a->vouched != b->vouched) return a->vouched;
    if (a->current != b->current) return a->current;
    if (a->number != b->number) return a->number > b->number;
    return a->issued_s > b->issued_s; /* equal: the first by name stays */
}

/* Does the document of a part carry a signature by this key? */
static bool signed_by(struct search *s, enum assay_collateral_part part, struct assay_slice text,
                      const struct assay_key *key)
{
    struct assay_signed_json document;
    uint8_t digest[ASSAY_SHA256_LEN];
    enum assay_status status = ASSAY_E_NOT_FOUND;
    if (text.len == 0) return false;
    if (part == ASSAY_PART_TCB_INFO)
        status = assay_json_tcb_info(text.bytes, text.len, &s->tcb_info, &document, NULL);
    else status = assay_json_qe_identity(text.bytes, text.len, &s->qe_identity, &document, NULL);
    if (status != ASSAY_OK) return false;
    assay_sha256(document.body.bytes, document.body.len, digest);
    struct assay_signature signature;
    assay_signature_from_p256(&signature, document.signature);
    return assay_chain_signed(key, digest, &signature) == ASSAY_OK;
}

static bool is_vouched(struct search *s, enum assay_collateral_part part, struct assay_slice text)
{
    for (size_t i = 0; i < s->signer_count; i++)
        if (signed_by(s, part, text, &s->signers[i])) return true;
    return false;
}

/* May the candidate stand for the part, and how well? */
static bool rank_for(struct search *s, const struct assay_collateral_files *files,
                     enum assay_collateral_part part, const struct candidate *c, struct rank *rank)
{
    *rank = c->rank;
    switch (part) {
    case ASSAY_PART_TCB_INFO:
        rank->vouched = c->shape == SHAPE_TCB_INFO && is_vouched(s, part, c->text);
        return c->shape == SHAPE_TCB_INFO;
    case ASSAY_PART_QE_IDENTITY:
        rank->vouched = c->shape == SHAPE_QE_IDENTITY && is_vouched(s, part, c->text);
        return c->shape == SHAPE_QE_IDENTITY;
    case ASSAY_PART_PCK_CHAIN: return c->shape == SHAPE_PCK_CHAIN;
    case ASSAY_PART_ROOT_CRL:
        rank->fits = c->of_root;
        return c->shape == SHAPE_CRL && !c->of_ca &&
               (c->of_root || is_root_of_folder(s, &c->issuer));
    case ASSAY_PART_PCK_CRL:
        rank->fits = c->of_ca;
        return c->shape == SHAPE_CRL && !c->of_root &&
               (c->of_ca || !is_root_of_folder(s, &c->issuer));
    case ASSAY_PART_TCB_CHAIN:
        if (c->shape != SHAPE_SIGNING_CHAIN) return false;
        rank->fits =
            signed_by(s, ASSAY_PART_TCB_INFO, files->part[ASSAY_PART_TCB_INFO], &c->signer);
        return true;
    case ASSAY_PART_QE_CHAIN: /* without one the TCB chain serves: only the right one is better */
        if (c->shape != SHAPE_SIGNING_CHAIN) return false;
        rank->fits =
            signed_by(s, ASSAY_PART_QE_IDENTITY, files->part[ASSAY_PART_QE_IDENTITY], &c->signer);
        return rank->fits;
    case ASSAY_PART_CERTIFICATES: /* parts of other vendors */
    case ASSAY_PART_CRL: return false;
    }
    ASSAY_UNREACHABLE("a part of the collateral");
}

static void choose(struct search *s, enum assay_collateral_part part,
                   struct assay_collateral_files *files)
{
    struct rank best = { 0 }, rank;
    bool has_best = false;
    if (files->part[part].bytes != NULL) return; /* under its usual name, empty perhaps */
    for (size_t i = 0; i < s->count; i++) {
        if (!rank_for(s, files, part, &s->candidates[i], &rank)) continue;
        if (has_best && !outranks(&rank, &best)) continue;
        best = rank;
        has_best = true;
        files->part[part] = s->candidates[i].text;
    }
}

/* ------------------------------------------------------------ the folder */

static bool is_usual_name(const char *name)
{
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (strcmp(name, assay_collateral_part_name((enum assay_collateral_part)i)) == 0)
            return true;
    return false;
}

static enum assay_status path_in(const char *dir, const char *name, char path[static PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

/* The roots of chains under their usual names tell root CRLs from others, too. */
static enum assay_status read_named(const char *dir, struct search *s,
                                    struct assay_collateral_dir *out, const char **where)
{
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        char path[PATH_MAX];
        size_t len = 0;
        struct candidate ignored;
        *where = assay_collateral_part_name((enum assay_collateral_part)i);
        ASSAY_TRY(path_in(dir, *where, path));
        const enum assay_status status =
            assay_file_read(path, ASSAY_PART_LEN_MAX, &out->bytes[out->count], &len);
        if (status == ASSAY_E_NOT_FOUND) continue;
        ASSAY_TRY(status);
        out->files.part[i] = assay_slice_over(out->bytes[out->count], len);
        out->count += 1;
        (void)recognise(s, out->files.part[i], &ignored);
    }
    *where = NULL;
    return ASSAY_OK;
}

/* What is no plain file, and what cannot be read, is ignored. */
static enum assay_status read_other(const char *dir, const char *name, struct search *s,
                                    struct assay_collateral_dir *out)
{
    size_t len = 0;
    if (is_usual_name(name)) return ASSAY_OK;
    const enum assay_status status =
        assay_folder_read(dir, name, ASSAY_PART_LEN_MAX, &out->bytes[out->count], &len);
    if (status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    struct candidate c;
    if (!recognise(s, assay_slice_over(out->bytes[out->count], len), &c)) {
        free(out->bytes[out->count]);
        out->bytes[out->count] = NULL;
        return ASSAY_OK;
    }
    out->count += 1;
    if (s->count == ASSAY_DIR_PARTS_MAX) return ASSAY_E_FULL;
    s->candidates[s->count++] = c;
    return ASSAY_OK;
}

/* The lists that were not taken: which one counts is the verifier's to say, at each time. */
static enum assay_status take_other_lists(const struct search *s, struct assay_collateral_dir *out)
{
    struct assay_slice *const part = out->files.part;
    size_t len = 0, at = 0;
    if (part[ASSAY_PART_CRL].bytes != NULL) return ASSAY_OK; /* under its usual name */
    for (int copies = 0; copies < 2; copies++) {
        for (size_t i = 0; i < s->count; i++) {
            const struct candidate *const c = &s->candidates[i];
            const struct assay_slice text = c->text;
            if (c->shape != SHAPE_CRL) continue;
            if (s->wanted->has_chain && !c->of_ca && !c->of_root) continue; /* others' */
            if (assay_slice_equal(text, part[ASSAY_PART_ROOT_CRL])) continue;
            if (assay_slice_equal(text, part[ASSAY_PART_PCK_CRL])) continue;
            if (copies == 0) len += text.len;
            else assay_bytes_copy(out->lists + at, len - at, text.bytes, text.len);
            if (copies == 1) at += text.len;
        }
        if (len == 0) return ASSAY_OK;
        if (len > ASSAY_PART_LEN_MAX) return ASSAY_E_RANGE;
        if (copies == 0) out->lists = malloc(len);
        if (out->lists == NULL) return ASSAY_E_MEMORY;
    }
    part[ASSAY_PART_CRL] = assay_slice_over(out->lists, len);
    return ASSAY_OK;
}

static enum assay_status read_others(const char *dir, struct search *s,
                                     struct assay_collateral_dir *out)
{
    struct assay_folder *const folder = calloc(1, sizeof *folder);
    if (folder == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_folder_open(dir, folder);
    for (size_t i = 0; status == ASSAY_OK && i < folder->count; i++)
        status = read_other(dir, folder->names[i], s, out);
    assay_folder_close(folder);
    free(folder);
    return status;
}

static bool is_complete(const struct assay_collateral_files *files)
{
    for (size_t i = 0; i < ASSAY_PARTS; i++)
        if (files->part[i].bytes == NULL) return false;
    return true;
}

enum assay_status assay_collateral_dir_read(const char *dir,
                                            const struct assay_collateral_wanted *wanted,
                                            struct assay_collateral_dir *out, const char **where)
{
    struct stat info;
    *out = (struct assay_collateral_dir){ 0 };
    *where = NULL;
    if (stat(dir, &info) != 0 || !S_ISDIR(info.st_mode)) return ASSAY_E_NOT_FOUND;
    struct search *const s = calloc(1, sizeof *s);
    if (s == NULL) return ASSAY_E_MEMORY;
    s->wanted = wanted;
    enum assay_status status = read_named(dir, s, out, where);
    if (status == ASSAY_OK && !is_complete(&out->files)) status = read_others(dir, s, out);
    /* In the order of the parts: the documents stand before the chains that are compared with. */
    for (size_t i = 0; status == ASSAY_OK && i < ASSAY_PARTS; i++)
        choose(s, (enum assay_collateral_part)i, &out->files);
    if (status == ASSAY_OK) status = take_other_lists(s, out);
    free(s);
    return status;
}

void assay_collateral_dir_close(struct assay_collateral_dir *dir)
{
    for (size_t i = 0; i < sizeof dir->bytes / sizeof dir->bytes[0]; i++)
        free(dir->bytes[i]);
    free(dir->lists);
    *dir = (struct assay_collateral_dir){ 0 };
}
