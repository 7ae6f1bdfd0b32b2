using Gache.Store;

namespace Gache.Server.Http.Keys;

/// <summary>What a POST, PUT or DELETE asks for, as far as its head tells.</summary>
/// <param name="Kind">The command.</param>
/// <param name="Slot">The key's slot; any number where there is no cluster to ask.</param>
/// <param name="Options">What is asked for beside the value; null for nothing.</param>
/// <param name="Wait">For how long it waits for its condition; null for not at all.</param>
internal readonly record struct KeyWrite(CommandKind Kind, int Slot, WriteOptions? Options, WaitTime? Wait = null)
{
    /// <summary>Whether the body is a value.</summary>
    public bool HasValue => Kind is CommandKind.Set or CommandKind.Put;
}
