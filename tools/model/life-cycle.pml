/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of the life cycle of a network namespace, for spin: all orders in
 * which its users, one who finds it by its id, a module that registers and
 * unregisters an operation, one who refers to a device of it, and the reaper
 * can come. The names are those of net/core/net_namespace.c, registry.c and
 * reaper.c.
 *
 * What holds in each of them:
 *  - an operation exits once for each time it was initialized, and no one
 *    uses a namespace while it does;
 *  - whenever pernet_ops_rwsem is free, what is on net_namespace_list has all
 *    operations that are registered, and no other;
 *  - memory is freed once, when nobody refers to it, nor finds it in RCU, and
 *    no operation has anything in it;
 *  - nobody but the namespace waits for the device, and nothing of it exits
 *    before whoever refers to that has let go;
 *  - all ends: nothing waits for ever, and the namespace is gone.
 *
 * It must never be simpler than the code in what the code takes care of:
 * whatever is one step here is one there, by a lock or an atomic operation.
 */

#define USERS	2	/* CPUs with a task that holds a reference */
#define STEPS	2	/* what each does with it */
#define ROUNDS	2	/* times that the module comes and goes */

/* Operations: of the first tier, always there, of the module. */
#define TIER	0
#define BASE	1
#define MODULE	2
#define OPS	3

mtype = { DORMANT, ACTIVATING, PARTIAL, LIVE, DYING, FREED };

/* struct net */
mtype state = DORMANT;
byte count = USERS;
byte passive = 1;
bool nsid_met, known;		/* by an id, which RCU readers follow */
bool listed;
bool has[OPS];

byte ops_readers;		/* pernet_ops_rwsem */
bool ops_writer;
bool registered[OPS];

bool departed, grave;		/* the reaper's lists */
bool held;			/* a device, by who does not give it back */
bool pending, due, queued;	/* the rest of the batch; is MODULE part of it? */
byte rcu_readers;
byte callbacks;			/* of RCU: the first queues another one */
byte tasks = USERS + 2;

#define reached(goal) \
	(state == LIVE || state == DYING || (goal == PARTIAL && state == PARTIAL))
#define left_no_trace() \
	((state == DORMANT || state == PARTIAL) && !nsid_met)

inline down_read()
{
	atomic { !ops_writer -> ops_readers++ }
}

inline up_read()
{
	ops_readers--
}

inline down_write()
{
	atomic { !ops_writer && ops_readers == 0 -> ops_writer = true }
}

inline up_write()
{
	ops_writer = false
}

inline synchronize_rcu()
{
	rcu_readers == 0
}

inline pernet_init_one(op)
{
	assert(!has[op] && state != FREED);
	has[op] = true
}

inline pernet_exit_one(op)
{
	assert(has[op] && state != FREED);
	has[op] = false
}

inline pernet_exit_pending()
{
	if
	:: pending && due ->
		pernet_exit_one(MODULE);
		due = false
	:: else
	fi
}

inline rcu_barrier()
{
	if
	:: callbacks -> callbacks--
	:: else
	fi
}

inline netns_free()
{
	atomic {
		assert(state != FREED && count == 0 && passive == 0);
		assert(!has[TIER] && !has[BASE] && !has[MODULE]);
		assert(!listed && !known && !callbacks);
		state = FREED
	}
}

inline netns_dispossess()
{
	if
	:: state == PARTIAL -> pernet_exit_one(TIER)
	:: else
	fi
}

inline net_passive_dec()
{
	atomic {
		assert(passive > 0);
		passive--;
		last = passive == 0
	};
	if
	:: last && left_no_trace() -> netns_free()
	:: last && !left_no_trace() -> grave = true
	:: else
	fi
}

inline __put_net()
{
	assert(state != ACTIVATING && state != FREED);
	if
	:: left_no_trace() ->
		netns_dispossess();
		net_passive_dec()
	:: else ->
		if
		:: state == LIVE -> state = DYING
		:: else
		fi;
		departed = true
	fi
}

inline put_net()
{
	atomic {
		assert(count > 0);
		count--;
		last = count == 0
	};
	if
	:: last -> __put_net()
	:: else
	fi
}

/* All that is registered beyond the first tier, or nothing more than there was. */
inline netns_set_up_rest()
{
	down_read();
	pernet_init_one(BASE);
	if
	:: registered[MODULE] -> pernet_init_one(MODULE)
	:: else
	fi;
	if
	:: atomic { state = LIVE; listed = true; held = true }
	:: if			/* the last one failed */
	   :: has[MODULE] -> pernet_exit_one(MODULE)
	   :: else
	   fi;
	   pernet_exit_one(BASE);
	   err = true
	fi;
	up_read()
}

inline netns_set_up(goal)
{
	err = false;
	if
	:: now == DORMANT -> pernet_init_one(TIER)
	:: else
	fi;
	if
	:: goal == PARTIAL -> state = PARTIAL
	:: goal == LIVE -> netns_set_up_rest()
	:: err = true		/* the first tier failed, or somebody was killed */
	fi;
	if
	:: err && now == DORMANT -> pernet_exit_one(TIER)
	:: else
	fi;
	if
	:: err -> state = now
	:: else
	fi
}

/* net_make_partial() and net_make_live(); a failure, or a kill, ends it. */
inline netns_make(goal)
{
	do
	:: reached(goal) -> break
	:: atomic {
		(state == DORMANT || state == PARTIAL) && !reached(goal) ->
		now = state;
		state = ACTIVATING
	   };
	   netns_set_up(goal);
	   break
	:: state == ACTIVATING ->
		if
		:: state != ACTIVATING
		:: break
		fi
	od
}

inline use()
{
	if
	:: state == LIVE ->
		assert(has[TIER] && has[BASE])
	:: state == PARTIAL ->
		assert(has[TIER])
	:: else
	fi
}

/* A task that is in the namespace, or holds a descriptor of it. */
proctype user()
{
	byte step;
	bool last, err;
	mtype now;

	do
	:: step < STEPS ->
		step++;
		if
		:: netns_make(PARTIAL)
		:: netns_make(LIVE)
		:: atomic { nsid_met = true; known = true }
		:: skip
		fi;
		atomic { use() }
	:: step == STEPS -> break
	od;
	put_net();
	tasks--
}

/* One who knows its id, and makes sure of it within RCU: get_net_ns_by_id(). */
proctype by_id()
{
	bool last, got, err;
	mtype now;

	rcu_readers++;
	if
	:: known ->
		/* Found: it is there at least until the grace period ends. */
		atomic {
			assert(state != FREED);
			got = count > 0;
			if
			:: got -> count++
			:: else
			fi
		}
	:: !known
	fi;
	rcu_readers--;
	if
	:: got ->
		if
		:: netns_make(LIVE)
		:: passive++;		/* its memory for longer than its life */
		   put_net();
		   got = false;
		   assert(state != FREED);
		   net_passive_dec()
		fi
	:: else
	fi;
	if
	:: got -> put_net()
	:: else
	fi;
	tasks--
}

/* pernet_register() and pernet_unregister() */
proctype module()
{
	byte round;

	do
	:: round < ROUNDS ->
		round++;
		down_write();
		if
		:: listed -> pernet_init_one(MODULE)
		:: else
		fi;
		if
		:: registered[MODULE] = true;
		   up_write()
		:: if		/* its init failed, there or elsewhere */
		   :: has[MODULE] -> pernet_exit_one(MODULE)
		   :: else
		   fi;
		   up_write();
		   goto again
		fi;
		down_write();
		pernet_exit_pending();
		registered[MODULE] = false;
		if
		:: listed -> pernet_exit_one(MODULE)
		:: else
		fi;
		up_write();
again:		skip
	:: round == ROUNDS -> break
	od;
	tasks--
}

active proctype netns_reaper()
{
	bool last, lived, dormant, buried;

end:
	do
	:: atomic {
		departed || grave ->
		lived = departed && state == DYING;
		dormant = departed && state != DYING;
		buried = grave;
		departed = false;
		grave = false
	   };
	   if
	   :: dormant ->		/* netns_forget() */
		known = false;
		synchronize_rcu();
		netns_dispossess();
		net_passive_dec()
	   :: else
	   fi;
	   if
	   :: lived ->			/* netns_take_down() */
		down_read();
		atomic { listed = false; known = false };
		synchronize_rcu();	/* pernet_exit_devices() */
		due = registered[MODULE];
		pending = true;
		queued = true;
		up_read()
	   :: else
	   fi;
	   if
	   :: buried ->
		rcu_barrier();
		netns_free()
	   :: else
	   fi
	od
}

active proctype netns_rest()
{
	bool last;

end:
	do
	:: queued ->
		queued = false;
		!held;			/* netdev_finish_todo() */
		down_read();		/* pernet_exit_subsystems() */
		pending = false;
		if
		:: due -> pernet_exit_one(MODULE)
		:: else
		fi;
		pernet_exit_one(BASE);
		pernet_exit_one(TIER);
		callbacks = 2;
		up_read();
		rcu_barrier();
		net_passive_dec()
	od
}

/* One who refers to a device, and lets go at some time, or after all others. */
active proctype holder()
{
end:
	held;
	if
	:: skip
	:: skip -> tasks == 0
	fi;
	atomic {
		assert(state != FREED);
		assert(state != DYING || (has[TIER] && has[BASE]));
		held = false
	}
}

active proctype invariant()
{
end:
	do
	:: atomic {
		ops_readers == 0 && !ops_writer && listed ->
		assert(has[TIER] && has[BASE] && has[MODULE] == registered[MODULE]);
		assert(state == LIVE || state == DYING)
	   }
	od
}

init
{
	byte i;

	registered[TIER] = true;
	registered[BASE] = true;
	atomic {
		for (i : 1 .. USERS) {
			run user()
		}
		run by_id();
		run module()
	};
	/* Whoever waits for ever leaves this waiting, which spin reports. */
	tasks == 0;
	state == FREED
}
