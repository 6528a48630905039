/*
 * apps/assay/operate/workload_keys.c - `assay keys list`: workload keys that members have declared,
 * each with the reason why it is active or not.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"

static const char member_view[] =
    "{name}: {standing}, [?active keys active since their PASS in epoch {keys_epoch}"
    "|{state}][?declared_since ; declared since epoch {declared_since}]\n"
    "[?!complete   the lists of this member are not complete here: keys may be missing\n]"
    "[*keys   {purpose,-7} {name,-20} {spki_sha256}  [?active active[?granted , granted by "
    "operators]|{reason}: {reason_text}]\n]";

static void show_all(const struct assay_json *document)
{
    const struct assay_json *const members =
        assay_json_get(assay_json_get(document, "data"), "members");
    for (size_t i = 0; i < assay_json_count(members); i++)
        cli_view_print(member_view, assay_json_at(members, i), stdout);
}

int cli_keys_list(const struct assay_daemon_request *q, const char *node)
{
    return node != NULL ? cli_daemon_view(q, member_view, "keys %s", node)
                        : cli_daemon_print(q, show_all, "keys");
}
