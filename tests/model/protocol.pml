/*
 * The rules by which at most one bridge decides, as a model for SPIN.
 *
 * One partition with two records, of one intent or of two. Bridges that claim, fence, open, read the
 * window, ask, place, write and read back; a marketplace whose answers may be lost; readers that judge
 * outcomes by token. With LANE the two intents want the same offer, an operator halts for a while,
 * bridges tell their progress, and a gateway says NONE by it; with ONE_TAP an app makes both intents
 * of one tap, the second when the first is known not to be ordered. Nothing coordinates the bridges:
 * each may crash at any step and begin again, and each may be the other's zombie. What a bridge writes
 * is in the log some time later, also when it has died, or never. Time is one bit an intent: its
 * deadline has passed or not. In the marketplace and in readers one step is one transaction or one
 * record.
 *
 * Checked at every step: no intent is ordered twice, no tap by two ids (P4); none is ordered past its
 * deadline (P5) or before one that was accepted earlier (P6); all valid finals of an intent agree, and
 * the committed offset never passes an intent without one (P1); no order stands beside a valid final
 * that denies it (P2); what NONE was told of is never ordered and has no final (rule 9).
 *
 * -DNO_... drops a rule; tests/model/run shows that the model then fails. Not modelled: forgetting
 * (the window's and the marketplace's bounds, and with them the need to void what was appended late),
 * M, keys of buyers, changes of policy other than a halt.
 */

#ifndef CLAIMS
#define CLAIMS 3        /* claims that all bridges may make */
#endif
#ifndef INTENTS
#define INTENTS 2       /* with 1 the second record is a copy of the first */
#endif
#ifndef BRIDGES
#define BRIDGES 2
#endif
#define RECORDS 2       /* records of the intents log */
/* A claim, two opens (the second tells progress) and the finals of every owner. */
#define OUTCOMES (CLAIMS * (3 + RECORDS))

mtype = { none, ordered, rejected, expired };
mtype:kind = { claim, open, final };

typedef Outcome { mtype:kind kind; byte token; byte id };

/* The log. A record is void if it was appended after its intent's deadline. */
byte appended = 0;
byte record_id[RECORDS];
bool record_void[RECORDS];
byte committed = 0;
Outcome outcomes[OUTCOMES];
byte outcomes_end = 0;

/* Time, and what a reader of the outcomes knows. */
bool passed[INTENTS];
bool halted = false;
byte highest_open = 0;
mtype told[INTENTS];            /* the first valid final */
bool none_told[INTENTS];        /* a gateway said that nothing was or will be ordered */

/* The marketplace. */
byte fence = 0;
mtype result[INTENTS];
byte orders[INTENTS];

byte claims = 0;

/* Calls on their way to the marketplace; each names its bridge's life, so that an answer to a dead
   one is lost. */
chan calls = [2] of { byte, byte, byte };         /* bridge, token, id */
chan answers[BRIDGES] = [2] of { byte, mtype };   /* token, state; none: stale */
/* Finals on their way into the log: token, id, state. A bridge's producer keeps their order. */
chan produced[BRIDGES] = [RECORDS] of { byte, byte, mtype };

/* What a process no longer needs would only multiply the states. */
#define FORGET token = 0; id = 0; state = none

#ifndef NO_TOKEN
#define IS_STALE(token) (token < fence)
#define RAISE_FENCE(token) fence = token
#else
#define IS_STALE(token) false
#define RAISE_FENCE(token) skip
#endif

/* Appends one outcome record and judges it as every reader does. */
inline append(k, t, i, s) {
  outcomes[outcomes_end].kind = k;
  outcomes[outcomes_end].token = t;
  outcomes[outcomes_end].id = i;
  outcomes_end++;
  if
  :: k == open && t >= highest_open -> highest_open = t
#ifndef NO_VOID_BY_TOKEN
  :: k == final && t >= highest_open ->
#else
  :: k == final ->
#endif
     assert(told[i] == none || told[i] == s);              /* P1 */
     assert(!none_told[i]);                                /* rule 9 */
     assert(s == ordered || orders[i] == 0);               /* P2 */
     assert(s != ordered || orders[i] == 1);               /* P1 */
     told[i] = s
  :: else
  fi
}

/* No new id for a tap before an outcome of the first, or NONE. */
#if defined(ONE_TAP) && !defined(NO_CLIENTS_RULE)
#define MAY_APPEND (appended == 0 || none_told[0] || told[0] == rejected || told[0] == expired)
#else
#define MAY_APPEND true
#endif

/* Gateways append intents and copies, before their deadline or after it. */
active proctype Gateways() {
end:
  do
  :: atomic { appended < RECORDS && MAY_APPEND ->
       record_id[appended] = appended % INTENTS;
       record_void[appended] = passed[record_id[appended]];
       appended++
     }
  :: appended == RECORDS -> break
  od
}

active proctype Log() {
  byte token, id;
  mtype state;
end:
  do
  :: atomic { produced[0] ? token, id, state -> append(final, token, id, state); FORGET }
#if BRIDGES > 1
  :: atomic { produced[1] ? token, id, state -> append(final, token, id, state); FORGET }
#endif
  od
}

active proctype Time() {
  byte i;
  for (i : 0 .. INTENTS - 1) { passed[i] = true }
}

#ifdef LANE
active proctype Operator() {
  halted = true;
  halted = false
}
#endif

active proctype Marketplace() {
  byte bridge, token, id;
  mtype state;
end:
  do
  :: atomic { calls ? bridge, token, id ->
       state = none;                                            /* stale */
       if
       :: IS_STALE(token)
       :: else ->
          RAISE_FENCE(token);
          if
          :: result[id] != none
          :: result[id] == none && passed[id] -> result[id] = expired
          :: result[id] == none && !passed[id] -> result[id] = rejected
          :: result[id] == none && !passed[id] ->
             orders[id]++;
             assert(orders[id] == 1);                           /* P4 */
             assert(!passed[id]);                               /* P5 */
             assert(told[id] == none || told[id] == ordered);   /* P2 */
             assert(!none_told[id]);                            /* rule 9 */
#ifdef ONE_TAP
             assert(orders[0] + orders[1] == 1);                /* P4 */
#else
             assert(id + 1 == INTENTS || orders[INTENTS - 1] == 0);  /* P6 */
#endif
             result[id] = ordered
          fi;
          state = result[id]
       fi;
       if
       :: nfull(answers[bridge]) -> answers[bridge] ! token, state
       :: true                                                  /* the answer is lost */
       fi;
       bridge = 0;
       FORGET
     }
  od
}

/* A crash: whatever it knew is gone; answers under way find nobody; what was not written yet may be
   written later or is lost. */
#define CRASH atomic { true -> goto crash }

/* Read back: a final counts only if no higher open stands before it. */
#ifndef NO_READ_BACK
#define COUNTS owner
#else
#define COUNTS true
#endif

/* found: the log has our final of that intent, and it counts; owner: no open is higher yet. */
inline look_for_own(intent) {
  owner = true;
  found = false;
  k = 0;
  do
  :: k < outcomes_end ->
     if
     :: outcomes[k].kind == open && outcomes[k].token > token -> owner = false
     :: outcomes[k].kind == final && outcomes[k].token == token && outcomes[k].id == intent &&
        COUNTS -> found = true
     :: else
     fi;
     k++
  :: else -> k = 0; break
  od
}

/* Progress is told of what has its finals. */
#ifndef NO_PROGRESS
#define ALL_IS_DONE (done == appended)
#else
#define ALL_IS_DONE true
#endif

/* The next record is not void, and neither the window nor we know its intent's final. */
#define UNDECIDED \
  (at < appended && !record_void[at] && known[record_id[at]] == none)

/* A lane places no order before its own refusals are acknowledged. */
#ifndef NO_LANE_WAIT
#define LANE_IS_FREE (!alone || len(produced[me]) == 0)
#else
#define LANE_IS_FREE true
#endif

proctype Bridge(byte me) {
  byte token, horizon, at, done, i, k, answered;
  mtype state;
  mtype known[INTENTS];
  bool owner, found, alone, told_progress;

begin:
  atomic {
    if
    :: claims == CLAIMS -> goto leave
    :: else
    fi;
    claims++;
    do
    :: nempty(answers[me]) -> answers[me] ? answered, state
    :: empty(answers[me]) -> break
    od;
    answered = 0;
    i = 0;
    state = none;
    at = 0;
    done = 0;
    for (k : 0 .. INTENTS - 1) { known[k] = none }
    k = 0;
    /* Tokens begin at 1, so that 0 means none. */
    token = outcomes_end + 1;
    append(claim, token, 0, none);
    horizon = appended;
    alone = false;
    told_progress = false;
  }
  if
  :: CRASH
  :: atomic { fence <= token -> fence = token }
  :: atomic { fence > token -> goto begin }
  fi;
  atomic { append(open, token, 0, none) }
#ifndef NO_HORIZON_AFTER_FENCE
  horizon = appended;
#endif
  /* The window: all valid finals before our own open, as the log tells them. */
  atomic {
    for (k : 0 .. INTENTS - 1) {
#ifndef NO_WINDOW
      known[k] = told[k]
#else
      known[k] = none
#endif
    }
    k = 0;
    at = committed;
    done = committed
  }

  do
  :: CRASH
  :: atomic { at < appended && record_void[at] -> at++ }
  :: atomic { at < appended && !record_void[at] && known[record_id[at]] != none ->
       produced[me] ! token, record_id[at], known[record_id[at]];
       at++ }
  :: UNDECIDED && !passed[record_id[at]] && !halted && LANE_IS_FREE ->
     /* Place it, and wait for the answer as long as the stream holds. */
     calls ! me, token, record_id[at];
     if
     :: CRASH                                       /* the stream broke: a new claim */
     :: atomic { answers[me] ? answered, state ->
          if
          :: answered != token || state == none -> goto begin
          :: else
          fi;
          known[record_id[at]] = state;
          produced[me] ! token, record_id[at], state;
          at++;
          answered = 0;
          state = none }
     fi
  :: UNDECIDED && (passed[record_id[at]] || halted) ->
     /* Expired or halted: decided alone, but not before the marketplace was asked under our token. */
     atomic {
       i = record_id[at];
       state = (passed[i] -> expired : rejected);
#ifndef NO_ASK
       if
       :: at < horizon ->
          if
          :: fence > token -> goto begin
          :: else -> fence = token
          fi;
          if
          :: result[i] != none -> state = result[i]
          :: else
          fi
       :: else
       fi;
#endif
       known[i] = state;
       alone = true;
       produced[me] ! token, i, state;
       at++;
       i = 0;
       state = none
     }
  :: done < at ->
     atomic {
       if
       :: record_void[done] -> found = true
       :: else -> look_for_own(record_id[done])
       fi;
       if
       :: found ->
          done++;
          /* P1: nothing is passed over that has no valid final. */
          if
          :: done > committed ->
             assert(committed == done - 1);
             assert(record_void[committed] || told[record_id[committed]] != none);
             committed = done
          :: else
          fi
       :: !found && !owner -> goto begin
       :: !found && owner                           /* not yet in the log */
       fi;
       found = false;
       owner = false
     }
#ifdef LANE
  :: atomic { !told_progress && (passed[0] || passed[INTENTS - 1]) && ALL_IS_DONE ->
       told_progress = true;
       answered = (passed[0] -> 1 : 0) + (passed[INTENTS - 1] -> 2 : 0)
     };
     atomic {
       append(open, token, 0, none);
       if
       :: token >= highest_open ->
          if
          :: (answered & 1) && told[0] == none -> none_told[0] = true
          :: else
          fi;
          if
          :: (answered & 2) && told[INTENTS - 1] == none -> none_told[INTENTS - 1] = true
          :: else
          fi
       :: else
       fi;
       answered = 0
     }
  :: atomic { done == RECORDS && told_progress -> goto leave }
#else
  :: atomic { done == RECORDS -> goto leave }
#endif
  od;

crash:
  atomic {
    if
    :: do
       :: nempty(produced[me]) -> produced[me] ? answered, i, state
       :: empty(produced[me]) -> break
       od
    :: true
    fi;
    goto begin
  }
leave:
  skip
}

init {
  byte b;
  atomic {
    for (b : 0 .. INTENTS - 1) { told[b] = none; result[b] = none }
    for (b : 0 .. BRIDGES - 1) { run Bridge(b) }
  }
}
