/*
 * tests/unit/apps/test_images.c - tests of pinned images: the running ones, those of the policy and
 * the previous one stay, others are removed; which one replaces a program that no policy accepts.
 */
#include "apps/daemon/images_prune.h"
#include "apps/daemon/node.h"

#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;

static void set_up(void)
{
    folder = folder_make();
}

static void clear_up(void)
{
    folder_remove(&folder);
}

TestSuite(apps_images, .init = set_up, .fini = clear_up);

/* 64 digits of one kind, and what follows. */
static const char *name_of(char digit, const char *tail)
{
    static char name[80];
    memset(name, digit, 64);
    (void)snprintf(name + 64, sizeof name - 64, "%s", tail);
    return name;
}

static void put(char digit, const char *tail, long at)
{
    const struct timespec times[2] = { { at, 0 }, { at, 0 } };
    const char *const path = folder_put(&folder, name_of(digit, tail), "x", 1, 0700);
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const char *name)
{
    return access(folder_at(&folder, name), F_OK) == 0;
}

static bool is_named(const void *context, const uint8_t digest[static 32])
{
    const uint8_t *const named = context;
    return digest[0] == *named;
}

/* SHA-256 of "x". */
static const char x_name[] = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

Test(apps_images, an_image_that_is_not_its_name_is_found)
{
    char name[65] = "", why[DAEMON_PIN_WHY] = "";
    cr_expect(daemon_images_sound(folder_at(&folder, "none"), 10, name, why));
    (void)folder_put(&folder, x_name, "x", 1, 0700);
    put('a', ".run", 1);
    (void)folder_put(&folder, ".new", "y", 1, 0700);
    cr_expect(daemon_images_sound(folder.path, 10, name, why), "other names are not its business");
    const char *path = folder_put(&folder, x_name, "xy", 2, 0700);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why));
    cr_expect_str_eq(name, x_name);
    cr_expect_not_null(strstr(why, "its SHA-256 is "), "%s", why);
    cr_expect_not(daemon_images_sound(folder.path, 1, name, why), "longer than an image is");
    (void)folder_put(&folder, x_name, "", 0, 0700);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why), "nothing is left of it");
    cr_assert_eq(unlink(path), 0);
    const char *const other = folder_put(&folder, "other", "x", 1, 0700);
    cr_assert_eq(symlink(other, path), 0);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why), "a link is no copy");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_not(daemon_images_sound(folder.path, 10, name, why));
    cr_assert_eq(rmdir(path), 0);
    cr_expect(daemon_images_sound(folder.path, 10, name, why));
}

Test(apps_images, what_is_used_named_or_the_one_before_stays)
{
    const uint8_t named = 0xaa;
    char used[4096], runs[4096];
    (void)snprintf(used, sizeof used, "%s/%s", folder.path, name_of('b', ""));
    (void)snprintf(runs, sizeof runs, "%s/%s", folder.path, name_of('b', ".run"));
    const struct daemon_image_needs needs = { { used, runs }, &named, is_named };
    put('a', "", 1);
    put('a', ".run", 9000); /* a copy that is not used */
    put('b', "", 2);
    put('b', ".run", 3);
    put('c', "", 4000);
    put('d', "", 5000); /* the one before */
    put('e', "", 100);
    put('e', ".tmp", 100); /* not ours */
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 3);
    cr_expect(is_there(name_of('a', "")), "a policy names it");
    cr_expect_not(is_there(name_of('a', ".run")));
    cr_expect(is_there(name_of('b', "")));
    cr_expect(is_there(name_of('b', ".run")));
    cr_expect_not(is_there(name_of('c', "")));
    cr_expect(is_there(name_of('d', "")));
    cr_expect_not(is_there(name_of('e', "")));
    cr_expect(is_there(name_of('e', ".tmp")));
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 0);
}

Test(apps_images, a_folder_that_is_not_there_has_none)
{
    const uint8_t named = 0;
    const struct daemon_image_needs needs = { { NULL, NULL }, &named, is_named };
    cr_expect_eq(daemon_images_prune("/nonexistent/images", &needs), 0);
    cr_expect_eq(daemon_images_prune(folder.path, &needs), 0);
}

/* --- which pinned image is used */

static struct assay_config config;
static struct daemon_node node;

static void list_program(struct assay_policy *policy, const char *program,
                         enum assay_reference_state state)
{
    struct assay_reference *const r = &policy->references[policy->reference_count++];
    *r = (struct assay_reference){ .field = ASSAY_REFERENCE_MRENCLAVE,
                                   .value_len = 32,
                                   .state = state };
    assay_sha256((const uint8_t *)program, strlen(program), r->value);
}

/* Under its name in the state folder. */
static void pin(const char *program)
{
    uint8_t digest[32];
    char name[80] = "state/images/";
    assay_sha256((const uint8_t *)program, strlen(program), digest);
    assay_hex_encode(digest, sizeof digest, name + strlen(name), 65);
    (void)folder_put(&folder, name, program, strlen(program), 0700);
}

static bool is_used(const char *program)
{
    uint8_t digest[32];
    char hex[65];
    assay_sha256((const uint8_t *)program, strlen(program), digest);
    assay_hex_encode(digest, sizeof digest, hex, sizeof hex);
    return strstr(config.enclave_restore_path, hex) != NULL;
}

/* A package has put a program there that no policy accepts. */
static void upgrade(void)
{
    config = (struct assay_config){ .evidence.kind = ASSAY_CONFIG_SOFT };
    node = (struct daemon_node){ .config = &config };
    const char *const package = folder_put(&folder, "package", "newer", 5, 0700);
    (void)snprintf(config.enclave_path, sizeof config.enclave_path, "%s", package);
    (void)snprintf(config.enclave_restore_path, sizeof config.enclave_restore_path, "%s", package);
    (void)mkdir(folder_at(&folder, "state"), 0700);
    (void)mkdir(folder_at(&folder, "state/images"), 0700);
    (void)snprintf(config.state_dir, sizeof config.state_dir, "%s", folder_at(&folder, "state"));
}

Test(apps_images, the_image_that_the_policy_in_force_accepts_is_used_first)
{
    static struct assay_policy first, second;
    const struct assay_policy *const ways[2][2] = { { &first, &second }, { &second, &first } };
    list_program(&first, "a", ASSAY_REFERENCE_ALLOWED);
    list_program(&first, "b", ASSAY_REFERENCE_DENIED);
    list_program(&second, "b", ASSAY_REFERENCE_ALLOWED);
    list_program(&second, "a", ASSAY_REFERENCE_DENIED);
    for (size_t i = 0; i < 2; i++) { /* whatever the order of the folder is */
        upgrade();
        pin("a");
        pin("b");
        cr_assert_eq(daemon_use_pinned(&node, ways[i], 2, 0, true), ASSAY_OK);
        cr_expect(is_used(i == 0 ? "a" : "b"), "found %s", config.enclave_restore_path);
    }
    upgrade();
    cr_assert_eq(daemon_use_pinned(&node, &ways[0][1], 1, 0, true), ASSAY_OK);
    cr_expect(is_used("b"));
    const struct assay_policy *const before[] = { &first, &second };
    folder_remove(&folder);
    folder = folder_make();
    upgrade();
    pin("b");
    cr_assert_eq(daemon_use_pinned(&node, before, 2, 0, true), ASSAY_OK);
    cr_expect(is_used("b"), "a trial may be taken back");
    upgrade();
    cr_expect_eq(daemon_use_pinned(&node, before, 1, 0, true), ASSAY_E_NOT_FOUND, "it is denied");
}

Test(apps_images, policies_of_the_past_accept_no_image)
{
    static struct assay_policy founding, now, before, past;
    static struct assay_rules rules;
    const struct assay_policy *found[DAEMON_POLICIES] = { NULL };
    upgrade();
    node.founding_policy = &founding;
    cr_assert_eq(daemon_list_policies(&node, found), 1);
    cr_expect_eq(found[0], &founding, "there is no other without a store");
    rules.sets[0].policy = &now;
    rules.sets[1].policy = &past;
    rules.set_count = 2;
    node.in_force.rules = &rules;
    cr_assert_eq(daemon_list_policies(&node, found), 1);
    cr_expect_eq(found[0], &now);
    rules.has_before = true;
    rules.before.policy = &before;
    cr_assert_eq(daemon_list_policies(&node, found), 2);
    cr_expect_eq(found[0], &now);
    cr_expect_eq(found[1], &before);
}

Test(apps_images, a_node_that_lacks_the_state_uses_no_image_of_the_genesis)
{
    static struct assay_genesis genesis;
    static struct assay_policy founding;
    static const uint8_t store_id[40] = { 1 };
    list_program(&founding, "a", ASSAY_REFERENCE_ALLOWED);
    upgrade();
    pin("a");
    (void)snprintf(config.keys_dir, sizeof config.keys_dir, "%s", folder.path);
    node.genesis = &genesis;
    node.founding_policy = &founding;
    cr_expect_eq(daemon_check_store(&node), ASSAY_OK, "%s", node.message);
    cr_expect_not(is_used("a"), "it joins: operators may have denied that one since");
    genesis.member_count = 1;
    (void)folder_put(&folder, "store.id", store_id, sizeof store_id, 0600);
    cr_expect_eq(daemon_check_store(&node), ASSAY_OK, "%s", node.message);
    cr_expect_not(is_used("a"), "its store is lost, or was made since and has no state yet");
    cr_assert_eq(unlink(folder_at(&folder, "store.id")), 0);
    cr_expect_eq(daemon_check_store(&node), ASSAY_OK, "%s", node.message);
    cr_expect(is_used("a"), "the chain begins");
}

Test(apps_images, evidence_of_software_is_refused_by_the_policy_in_force)
{
    static struct assay_policy development = { .profile = ASSAY_PROFILE_DEVELOPMENT },
                               production = { .profile = ASSAY_PROFILE_PRODUCTION };
    upgrade();
    node.founding_policy = &development;
    cr_expect_eq(daemon_check_insecure(&node, &development), ASSAY_OK);
    cr_expect_eq(node.insecure_count, 0);
    cr_expect_eq(daemon_check_insecure(&node, &production), ASSAY_E_INVALID, "a change made it so");
    cr_expect_not_null(strstr(node.message, "software-evidence"), "%s", node.message);
    config.insecure[ASSAY_INSECURE_EVIDENCE] = true;
    cr_expect_eq(daemon_check_insecure(&node, &production), ASSAY_OK);
    cr_expect_eq(node.insecure_count, 1, "it is reported");
    node.founding_policy = &production;
    cr_expect_eq(daemon_check_insecure(&node, &development), ASSAY_OK);
    cr_expect_eq(node.insecure_count, 1);
}
