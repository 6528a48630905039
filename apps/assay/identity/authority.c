/*
 * apps/assay/identity/authority.c - command group `assay ca`: the certificate authority of a
 * network as a node shows it (docs/identity.md 12); its files and its audit are in
 * authority_bundle.c and authority_audit.c.
 */
#include "apps/assay/identity/authority.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
#include "apps/assay/identity/authority_source.h"

#include <string.h>

static const char shown_view[] =
    "state          [?state=active active|[?state=few few live indices: one more holder that is "
    "lost may be too many|[?state=too_few too few live indices: nothing is signed|[?state=lost "
    "the key is lost|[?state=making the first key is being made|no key]]]]]"
    "[?ca_number : {live} of {indices} indices live, {threshold} sign together]\n"
    "[?insecure INSECURE       certificates and tokens say so: they prove nothing about hardware\n]"
    "[?ca_number key            {key}\n"
    "number         CA number {ca_number}, generation {generation} since epoch {since_epoch}\n]"
    "[*numbers [?state=next next           CA number {number}, key {key}: active in epoch "
    "{until_epoch} or later\n][?state=old old            CA number {number}, key {key}: "
    "published until epoch {until_epoch}\n]]"
    "trust domain   {trust_domain}\n"
    "issuer         {issuer}\n"
    "validity       {validity_s} s of certificates and tokens\n"
    "[?ca_number certificate    [?certificate.sha256 {certificate.sha256}, from "
    "{certificate.not_before_ms:time} until {certificate.not_after_ms:time}|not on this node: "
    "its assay-signer has none]\n]"
    "[*holders holder         {node}: {indices} ind[?indices=1 ex|ices] from {first_index} on, "
    "{live} live[?lost , lost]\n]"
    "[*groups [?signs_alone ALONE          |blocks         ][?group=operator operator|vendor root] "
    "[?name {name}|{id,.16}] has {indices} indices: [?signs_alone it signs alone|without it "
    "nothing "
    "is signed]\n]"
    "[?few_epochs few holders    for {few_epochs} certified epoch{few_epochs:plural}: after 8 the "
    "key is lost\n]"
    "[?own_indices [?signer_connected |signer         of this node is not connected: its "
    "{own_indices} ind[?own_indices=1 ex signs|ices sign] nothing\n]|[?own_may_hold "
    "[?signer_connected |signer         of this node is not connected: its member may hold shares "
    "and has none\n]]]"
    "[*awaited awaited        {node}: read the log of its assay-signer\n]"
    "ceremony       [?ceremony.phase=none none|{ceremony.phase} of a [?ceremony.is_reshare "
    "reshare|new key], since epoch {ceremony.began_epoch}]\n"
    "[*convicted convicted      {node_id}: {reason} in epoch {epoch}\n]";

static const char status_view[] =
    "[?state=active active|[?state=few few holders|[?state=too_few too few holders|[?state=lost "
    "lost|[?state=making making the first key|no key]]]]]"
    "[?!ca_number : {ceremony.ready} of {ceremony.may_hold} members that may hold shares "
    "[?ceremony.phase=none have an active key|have offered]]"
    "[?ca_number : {live} of {indices} indices live, {threshold} sign together, generation "
    "{generation}[?certificate.sha256 , certificate until {certificate.not_after_ms:time}]]"
    "[?ceremony.phase!=none , ceremony: {ceremony.phase}]\n"
    "[?own_indices [?signer_connected |this node's assay-signer is not connected: its "
    "{own_indices} ind[?own_indices=1 ex signs|ices sign] nothing\n]|[?own_may_hold "
    "[?signer_connected |this node's assay-signer is not connected: its member may hold shares and "
    "has none\n]]]"
    "[*awaited awaited: {node}: read the log of its assay-signer\n]"
    "[*groups?signs_alone ALONE: [?group=operator operator|vendor root] [?name {name}|{id,.16}] "
    "has "
    "{indices} indices, and signs alone\n]";

/* Returns: whether the holders of one operator or vendor root have enough indices to sign. */
static bool has_alone(const struct assay_json *data)
{
    const struct assay_json *const groups = assay_json_get(data, "groups");
    for (size_t i = 0; i < assay_json_count(groups); i++)
        if (assay_json_bool(assay_json_at(groups, i), "signs_alone", false)) return true;
    return false;
}

/* Returns: whether this node's holder does not run: others count on its indices. */
static bool lacks_signer(const struct assay_json *data)
{
    return assay_json_uint(data, "own_indices", 0) > 0 &&
           !assay_json_bool(data, "signer_connected", true);
}

static int exit_of(const struct assay_json *data)
{
    const char *const state = assay_json_text(data, "state", "");
    if (strcmp(state, "active") == 0)
        return has_alone(data) || lacks_signer(data) ? ASSAY_EXIT_WARNING : ASSAY_EXIT_OK;
    if (strcmp(state, "few") == 0) return ASSAY_EXIT_WARNING;
    return strcmp(state, "too_few") == 0 || strcmp(state, "lost") == 0 ? ASSAY_EXIT_CONTRAINDICATED
                                                                       : ASSAY_EXIT_NONE;
}

/* Returns: an enum assay_exit */
static int print_authority(const struct cli_identity_node *node, bool is_status, bool json)
{
    struct assay_json *document = NULL;
    int exit = cli_authority_get(is_status ? "assay ca status" : "assay ca show", node, "authority",
                                 &document);
    if (exit != ASSAY_EXIT_OK) return exit;
    const struct assay_json *const data = assay_json_get(document, "data");
    const int state = exit_of(data);
    if (json) exit = cli_print_document(document);
    else cli_view_print(is_status ? status_view : shown_view, data, stdout);
    assay_json_free(&document);
    return exit == ASSAY_EXIT_OK && is_status ? state : exit;
}

int cli_command_ca(int argc, char **argv)
{
    struct cli_authority_options o = { .node = { .timeout_ms = ASSAY_CLIENT_TIMEOUT_MS } };
    const struct cli_option_target targets[] = {
        { "http", .text = &o.node.http },
        { "socket", .text = &o.node.socket },
        { "timeout", .ms = &o.node.timeout_ms },
        { "out", .text = &o.out },
        { "format", .text = &o.format },
        { "checkpoint", .text = &o.checkpoint },
        { "proof", .text = &o.proof },
        { "next", .text = &o.next },
        { "journal", .text = &o.journal },
        { "certificate", .text = &o.certificate },
        { "ledger", .text = &o.ledger },
        { "genesis", .text = &o.genesis },
        { "max-age", .text = &o.time.max_age },
        { "at", .time = &o.time.at_unix_s },
        { "json", .flag = &o.json },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const int misuse = cli_identity_node_choose(&o.node);
    if (misuse >= 0) return misuse;
    if (strcmp(verb, "bundle") == 0) return cli_authority_bundle(&o);
    if (strcmp(verb, "audit") == 0) return cli_authority_audit(&o);
    return print_authority(&o.node, strcmp(verb, "status") == 0, o.json);
}
