using Gache.Replication;
using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>What a GET or HEAD that may wait asks for.</summary>
/// <param name="Level">What the read promises.</param>
/// <param name="MinRevision">What it must see at least; 0: nothing.</param>
/// <param name="Condition">What it waits for; null for nothing.</param>
/// <param name="Wait">For how long; null for not at all.</param>
internal sealed record WaitingTerms(ReadLevel Level, ulong MinRevision, Condition? Condition, WaitTime? Wait)
{
    /// <summary>As the replica wants them, now.</summary>
    public ReadTerms Now => new() { Level = Level, MinRevision = MinRevision, Condition = Condition, Wait = Wait?.Left ?? TimeSpan.Zero };
}
