using Gache.Store;

namespace Gache.Simulation.Tests;

/// <summary>
/// A history that a correct shard gave by construction: every operation takes effect at one point in a random window around it, some answers
/// are lost, some lost requests take effect late or never, some are refused.
/// </summary>
internal static class RandomHistory
{
    public static List<Operation> Make(ulong seed, int count, int keys, int window, double unknown = 0.08)
    {
        var random = new SeededRandom(seed);
        var states = Enumerable.Range(0, keys).Select(_ => new List<(long Value, ulong Revision)> { (0, 0) }).ToArray();
        var all = new List<Operation>();
        ulong revision = 0;
        long value = 0;

        // Ten places a step; windows overlap, so that operations next to each other are concurrent.
        for (int point = 1; point <= count; point++)
        {
            int key = random.Next(keys);
            List<(long Value, ulong Revision)> states_ = states[key];
            (long present, ulong presentRevision) = states_[^1];
            var operation = new Operation
            {
                Client = random.Next(6),
                Kind = (OperationKind)random.Next(5),
                Key = $"k{key}",
                Invoked = (point * 10L) - random.Next(window * 10),
            };
            if (operation.IsWrite && random.Chance(0.3))
            {
                operation = new Operation
                {
                    Client = operation.Client, Kind = operation.Kind, Key = operation.Key, Invoked = operation.Invoked,
                    Condition = DrawCondition(random, states_),
                };
            }

            if (operation.WritesValue) operation.Value = ++value;
            all.Add(operation);

            bool isRefused = random.Chance(0.05), isUnknown = random.Chance(unknown);
            bool takesEffect = !isRefused && (!isUnknown || random.Chance(0.5));
            operation.Completed = (point * 10L) + random.Next(window * 10) + 1;
            operation.Outcome = isRefused ? Outcome.NotApplied : isUnknown ? Outcome.Unknown : Outcome.Done;

            if (!operation.IsWrite)
            {
                if (operation.Kind == OperationKind.StaleRead) (present, presentRevision) = random.Pick(states_);
                if (operation.Outcome != Outcome.Done) continue;
                operation.IsFound = present != 0;
                operation.Value = present;
                operation.Revision = operation.IsFound ? presentRevision : 0;
                continue;
            }

            operation.IsFound = present != 0;
            if (takesEffect && operation.Condition?.Holds(present != 0, presentRevision) == false)
            {
                if (!isUnknown) operation.Outcome = Outcome.Declined;
                operation.Revision = present != 0 ? presentRevision : 0;
                continue;
            }

            if (isUnknown && takesEffect && random.Chance(0.5)) operation.Completed = Operation.Never;
            if (takesEffect && (operation.WritesValue || present != 0))
            {
                operation.Revision = ++revision;
                states_.Add((operation.WritesValue ? operation.Value : 0, revision));
            }
            else
            {
                operation.Revision = revision;
            }
        }

        return Renumbered(all);
    }

    private static Condition DrawCondition(SeededRandom random, List<(long Value, ulong Revision)> states)
    {
        (_, ulong revision) = random.Chance(0.6) ? states[^1] : random.Pick(states);
        return random.Next(5) switch
        {
            0 => new Condition { MustExist = true },
            1 => new Condition { MustNotExist = true },
            _ => new Condition { AnyOf = new[] { revision } },
        };
    }

    /// <summary>Places become distinct and consecutive, as in a recorded history; answers of lost requests are not told.</summary>
    private static List<Operation> Renumbered(List<Operation> all)
    {
        long[] places = [.. all.SelectMany(o => new[] { (At: o.Invoked, Kind: 0), (At: o.Completed, Kind: 1) })
            .Where(p => p.At != Operation.Never).OrderBy(p => p.At).ThenBy(p => p.Kind).Select(p => (p.At * 2) + p.Kind).Distinct()];
        long Place(long at, int kind) => at == Operation.Never ? at : Array.BinarySearch(places, (at * 2) + kind);
        return [.. all.Select(o => new Operation
        {
            Client = o.Client, Kind = o.Kind, Key = o.Key, Value = o.Value, Invoked = Place(o.Invoked, 0), Completed = Place(o.Completed, 1),
            Outcome = o.Outcome, IsFound = IsAnswered(o) && o.IsFound, Revision = IsAnswered(o) ? o.Revision : 0, Condition = o.Condition,
        }).OrderBy(o => o.Invoked)];
    }

    private static bool IsAnswered(Operation operation) => operation.Outcome is Outcome.Done or Outcome.Declined;
}
