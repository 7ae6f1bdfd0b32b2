using System.Globalization;
using Gache.Primitives;
using Microsoft.Extensions.Logging;

namespace Gache.Cluster;

/// <summary>Moves that stand still, by target: told in the log once a minute each, and to whoever asks whether the node is well.</summary>
internal sealed class MoveTroubles(int troubleTicks)
{
    private const long TellEveryTicks = 1_200;

    private readonly Dictionary<ShardId, (int Slots, int Handed, long Ticks, string Why)> found = [];
    private readonly Dictionary<ShardId, long> tellAt = [];

    /// <summary>One sentence for each target; any thread may ask.</summary>
    public IReadOnlyList<string> Words { get; private set; } = [];

    /// <summary>A new look begins.</summary>
    public void Begin() => found.Clear();

    /// <summary>Slots that did not get on.</summary>
    /// <param name="target">Where they are to go, or were to.</param>
    /// <param name="slots">How many.</param>
    /// <param name="handed">How many of them are handed over, and so served by nobody.</param>
    /// <param name="ticks">For how long.</param>
    /// <param name="why">The latest reason.</param>
    public void Add(ShardId target, int slots, int handed, long ticks, string why)
    {
        if (ticks < troubleTicks) return;
        (int otherSlots, int otherHanded, long longest, string words) = found.GetValueOrDefault(target);
        found[target] = (otherSlots + slots, otherHanded + handed, Math.Max(ticks, longest), ticks >= longest ? why : words);
    }

    /// <summary>The look has ended.</summary>
    public void End(long tick, ILogger logger)
    {
        if (found.Count == 0)
        {
            Clear();
            return;
        }

        var words = new List<string>(found.Count);
        foreach ((ShardId target, (int Slots, int Handed, long Ticks, string Why) trouble) in found.OrderBy(pair => pair.Key))
        {
            double seconds = trouble.Ticks * ClusterTimes.Tick.TotalSeconds;
            string one = string.Create(
                CultureInfo.InvariantCulture,
                $"{trouble.Slots} slots on their way to shard {target} stand still for {seconds:0} s, {trouble.Handed} of them served by nobody: {trouble.Why}");
            words.Add(one);
            if (tellAt.GetValueOrDefault(target) > tick) continue;
            tellAt[target] = tick + TellEveryTicks;
            logger.MovesStandStill(one);
        }

        Words = words;
    }

    /// <summary>Nothing moves, or somebody else leads.</summary>
    public void Clear()
    {
        if (Words.Count > 0) Words = [];
        tellAt.Clear();
    }
}
