using Gache.Primitives;

namespace Gache.Raft;

/// <summary>The configurations in the log, as the latest one is in force and truncation brings the one before back (thesis §4.1).</summary>
internal sealed class ConfigurationHistory
{
    private readonly List<(ulong Index, Configuration Configuration)> entries = [(0, Configuration.Empty)];

    /// <summary>The configuration in force.</summary>
    public Configuration Latest => entries[^1].Configuration;

    /// <summary>Where it stands in the log; 0 at the very beginning.</summary>
    public ulong LatestIndex => entries[^1].Index;

    /// <summary>The one that truncation would bring back; nobody, if it was compacted away (then the latest is committed).</summary>
    public Configuration BeforeLatest => entries.Count > 1 ? entries[^2].Configuration : Configuration.Empty;

    public void Restart(ulong index, Configuration configuration)
    {
        entries.Clear();
        entries.Add((index, configuration));
    }

    public void Add(ulong index, Configuration configuration)
    {
        Invariant.Holds(index > LatestIndex || entries.Count == 1, $"configuration at {index} after the one at {LatestIndex}");
        entries.Add((index, configuration));
    }

    /// <summary>Takes back the configurations from <paramref name="index"/> on; true if the one in force changed.</summary>
    public bool TruncateFrom(ulong index)
    {
        bool changed = false;
        while (entries.Count > 1 && LatestIndex >= index)
        {
            entries.RemoveAt(entries.Count - 1);
            changed = true;
        }

        return changed;
    }

    /// <summary>The configuration that was in force at <paramref name="index"/>.</summary>
    public Configuration At(ulong index)
    {
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            if (entries[i].Index <= index) return entries[i].Configuration;
        }

        throw new InvariantBrokenException($"no configuration is known at {index}; the earliest is at {entries[0].Index}");
    }

    /// <summary>Forgets what was superseded at or before <paramref name="index"/>.</summary>
    public void CompactTo(ulong index)
    {
        while (entries.Count > 1 && entries[1].Index <= index) entries.RemoveAt(0);
    }
}
