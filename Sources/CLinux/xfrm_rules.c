/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define _GNU_SOURCE
#include "xfrm_rules.h"

#include "linux_calls.h"
#include "xfrm_messages.h"

#include <errno.h>
#include <netinet/in.h>

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills at most this much at once. */
#define ANSWER_SIZE 32768
/* How often a list that changed while it was told is asked for anew. */
#define MOST_DUMPS 8

static atomic_uint last_number;

static int open_socket(void)
{
	int on = 1;
	int opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_XFRM);

	if (opened < 0)
		return -errno;
	/* A refusal does not repeat the request, in which there may be a key. */
	if (setsockopt(opened, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on))) {
		int error = errno;

		close(opened);
		return -error;
	}
	return opened;
}

struct opening {
	int netns;
	int result;
};

static void *open_inside(void *context)
{
	struct opening *opening = context;
	int status = opening->netns == KM_XFRM_NEW_NAMESPACE ? km_new_network_namespace()
							     : km_enter_network_namespace(opening->netns);

	opening->result = status ? -errno : open_socket();
	return NULL;
}

int km_xfrm_open(int netns)
{
	struct opening opening = { .netns = netns };
	pthread_t thread;
	int error;

	if (netns == KM_XFRM_OWN_NAMESPACE)
		return open_socket();
	/* A thread that enters a namespace stays there; it ends instead of coming back. A socket stays where it was made. */
	error = pthread_create(&thread, NULL, open_inside, &opening);
	if (error)
		return -error;
	pthread_join(thread, NULL);
	return opening.result;
}

static int send_message(int socket, struct nlmsghdr *message)
{
	ssize_t sent;

	message->nlmsg_seq = atomic_fetch_add(&last_number, 1) + 1;
	do
		sent = send(socket, message, message->nlmsg_len, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? errno : 0;
}

/* What one message of an answer says. Ends with the last one: then the error is of the whole. */
struct answer {
	mnl_cb_t take;
	void *context;
	int error;
	int is_complete;
};

static void take_message(const struct nlmsghdr *message, struct answer *answer)
{
	const struct nlmsgerr *refusal;
	const int *outcome;
	int error = 0;

	/* What was listed changed meanwhile. */
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		error = EINTR;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		break;
	case NLMSG_ERROR:
		refusal = mnl_nlmsg_get_payload(message);
		error = mnl_nlmsg_get_payload_len(message) < sizeof(*refusal) ? EBADMSG : -refusal->error;
		answer->is_complete = 1;
		break;
	case NLMSG_DONE:
		outcome = mnl_nlmsg_get_payload(message);
		if (mnl_nlmsg_get_payload_len(message) >= sizeof(*outcome) && *outcome < 0)
			error = -*outcome;
		answer->is_complete = 1;
		break;
	default:
		if (answer->take && answer->take(message, answer->context) == MNL_CB_ERROR)
			error = ENOMEM;
	}
	if (!answer->error)
		answer->error = error;
}

/* Reads an answer to its end, also after an error: the next request is refused while a list is being told. */
static int take_answer(int socket, unsigned int number, mnl_cb_t take, void *context)
{
	struct answer answer = { .take = take, .context = context };
	char *buffer = aligned_alloc(8, ANSWER_SIZE);

	if (!buffer)
		return ENOMEM;
	while (!answer.is_complete) {
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;
		ssize_t size = recv(socket, buffer, ANSWER_SIZE, MSG_TRUNC);
		int left = size < ANSWER_SIZE ? size : ANSWER_SIZE;

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0) {
			answer.error = errno;
			break;
		}
		if (size > ANSWER_SIZE && !answer.error)
			answer.error = EMSGSIZE;
		/* Messages of another number are what is left of a request that was given up. */
		for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
			if (message->nlmsg_seq == number)
				take_message(message, &answer);
		}
	}
	explicit_bzero(buffer, ANSWER_SIZE);
	free(buffer);
	return answer.error;
}

/* Sends a request that is confirmed or refused. The buffer is wiped. */
static int request(int socket, struct nlmsghdr *message)
{
	int error;

	message->nlmsg_flags |= NLM_F_ACK;
	error = send_message(socket, message);
	if (!error)
		error = take_answer(socket, message->nlmsg_seq, NULL, NULL);
	explicit_bzero(message, KM_XFRM_MESSAGE_SIZE);
	return error;
}

int km_xfrm_set_state(int socket, int updates, const struct km_xfrm_state *state)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];

	if (state->key_size > KM_XFRM_KEY_SIZE || state->replay_window > XFRMA_REPLAY_ESN_MAX)
		return EINVAL;
	return request(socket, km_xfrm_put_state(buffer, updates ? XFRM_MSG_UPDSA : XFRM_MSG_NEWSA, state));
}

int km_xfrm_delete_state(int socket, const struct km_xfrm_state *state)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];

	return request(socket, km_xfrm_put_state_id(buffer, XFRM_MSG_DELSA, state));
}

int km_xfrm_set_policy(int socket, int updates, const struct km_xfrm_policy *policy)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];

	if (policy->template_count > KM_XFRM_TEMPLATE_COUNT)
		return EINVAL;
	return request(socket, km_xfrm_put_policy(buffer, updates ? XFRM_MSG_UPDPOLICY : XFRM_MSG_NEWPOLICY, policy));
}

int km_xfrm_delete_policy(int socket, const struct km_xfrm_policy *policy)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];

	return request(socket, km_xfrm_put_policy_id(buffer, XFRM_MSG_DELPOLICY, policy));
}

static int flush(int socket, int type, size_t header_size)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST;
	if (header_size)
		mnl_nlmsg_put_extra_header(message, header_size);
	return request(socket, message);
}

int km_xfrm_flush_states(int socket)
{
	/* Of protocol 0: all. */
	return flush(socket, XFRM_MSG_FLUSHSA, sizeof(struct xfrm_usersa_flush));
}

int km_xfrm_flush_policies(int socket)
{
	return flush(socket, XFRM_MSG_FLUSHPOLICY, 0);
}

struct finding {
	struct km_xfrm_state *found;
	int count;
};

static int take_found(const struct nlmsghdr *message, void *context)
{
	struct finding *finding = context;

	if (message->nlmsg_type == XFRM_MSG_NEWSA && km_xfrm_read_state(message, finding->found))
		finding->count++;
	return MNL_CB_OK;
}

int km_xfrm_find_state(int socket, const struct km_xfrm_state *wanted, struct km_xfrm_state *found)
{
	_Alignas(8) char buffer[KM_XFRM_MESSAGE_SIZE];
	struct nlmsghdr *message = km_xfrm_put_state_id(buffer, XFRM_MSG_GETSA, wanted);
	struct finding finding = { .found = found };
	int error;

	/* The state comes first, then the confirmation. */
	message->nlmsg_flags |= NLM_F_ACK;
	error = send_message(socket, message);
	if (!error)
		error = take_answer(socket, message->nlmsg_seq, take_found, &finding);
	return error ? error : finding.count ? 0 : ESRCH;
}

/* An array that grows by copying, so that what was there can be wiped. */
struct list {
	char *items;
	size_t size;	/* of an item */
	size_t count;
	size_t capacity;
};

static void *next_item(struct list *list)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 64;
		char *items = calloc(capacity, list->size);

		if (!items)
			return NULL;
		if (list->items) {
			memcpy(items, list->items, list->count * list->size);
			explicit_bzero(list->items, list->count * list->size);
			free(list->items);
		}
		list->items = items;
		list->capacity = capacity;
	}
	return list->items + list->count * list->size;
}

static void empty(struct list *list)
{
	if (list->items)
		explicit_bzero(list->items, list->capacity * list->size);
	list->count = 0;
}

static int take_state(const struct nlmsghdr *message, void *context)
{
	struct list *list = context;
	void *item = next_item(list);

	if (!item)
		return MNL_CB_ERROR;
	list->count += km_xfrm_read_state(message, item);
	return MNL_CB_OK;
}

static int take_policy(const struct nlmsghdr *message, void *context)
{
	struct list *list = context;
	void *item = next_item(list);

	if (!item)
		return MNL_CB_ERROR;
	list->count += km_xfrm_read_policy(message, item);
	return MNL_CB_OK;
}

/* EINTR says that the list changed while it was told: some may be there twice, or missing. */
static int dump(int socket, int type, mnl_cb_t take, struct list *list)
{
	int error = EINTR;

	for (int attempt = 0; attempt < MOST_DUMPS && error == EINTR; attempt++) {
		_Alignas(8) char buffer[NLMSG_HDRLEN];
		struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);

		empty(list);
		message->nlmsg_type = type;
		message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		error = send_message(socket, message);
		if (!error)
			error = take_answer(socket, message->nlmsg_seq, take, list);
	}
	if (error) {
		empty(list);
		free(list->items);
		list->items = NULL;
	}
	return error;
}

int km_xfrm_list_states(int socket, struct km_xfrm_state **states, size_t *count)
{
	struct list list = { .size = sizeof(**states) };
	int error = dump(socket, XFRM_MSG_GETSA, take_state, &list);

	*states = (struct km_xfrm_state *)list.items;
	*count = list.count;
	return error;
}

int km_xfrm_list_policies(int socket, struct km_xfrm_policy **policies, size_t *count)
{
	struct list list = { .size = sizeof(**policies) };
	int error = dump(socket, XFRM_MSG_GETPOLICY, take_policy, &list);

	*policies = (struct km_xfrm_policy *)list.items;
	*count = list.count;
	return error;
}

size_t km_xfrm_encoded_state(const struct km_xfrm_state *state, void *buffer, size_t size)
{
	_Alignas(8) char message[KM_XFRM_MESSAGE_SIZE];
	size_t used = km_xfrm_put_state(message, XFRM_MSG_NEWSA, state)->nlmsg_len;

	if (used > size)
		used = 0;
	memcpy(buffer, message, used);
	explicit_bzero(message, sizeof(message));
	return used;
}
